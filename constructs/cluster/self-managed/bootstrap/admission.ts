import { stringify } from "yaml";
import { ADD_ON_NAMESPACE } from "../../../../environment/naming";

/**
 * AdmissionConfiguration. Pod security warns and records in the audit log and refuses nothing by itself, as on EKS:
 * what ran in one cluster must run in the next one. A namespace that wants more says so in its labels.
 */
export function renderAdmissionConfiguration(): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
      {
        name: "PodSecurity",
        configuration: {
          apiVersion: "pod-security.admission.config.k8s.io/v1",
          kind: "PodSecurityConfiguration",
          defaults: {
            enforce: "privileged",
            "enforce-version": "latest",
            audit: "baseline",
            "audit-version": "latest",
            warn: "baseline",
            "warn-version": "latest",
          },
          exemptions: {
            usernames: [],
            runtimeClasses: [],
            // An exemption goes before a namespace's labels: whose namespace has labels of its own is not here.
            namespaces: ["kube-system", ADD_ON_NAMESPACE],
          },
        },
      },
      {
        name: "EventRateLimit",
        configuration: {
          apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
          kind: "Configuration",
          limits: [
            { type: "Namespace", qps: 50, burst: 500, cacheSize: 2000 },
            { type: "SourceAndObject", qps: 10, burst: 100, cacheSize: 4096 },
          ],
        },
      },
    ],
  });
}
