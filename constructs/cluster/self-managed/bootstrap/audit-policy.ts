import { stringify } from "yaml";

const core = (...resources: string[]) => ({ group: "", resources });

/**
 * Audit policy: who did what to which object, with the bodies of changes; never the bodies of what holds secrets
 * (CIS Kubernetes Benchmark 3.2). Rules are tried from the top, and the first that fits decides.
 */
export function renderAuditPolicy(): string {
  return stringify({
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    // The answer is there at the later stage.
    omitStages: ["RequestReceived"],
    rules: [
      // Health, versions and discovery are asked for all the time, and tell nothing.
      {
        level: "None",
        nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi*", "/api*"],
      },
      {
        level: "None",
        verbs: ["get", "list", "watch", "update", "patch"],
        resources: [{ group: "coordination.k8s.io", resources: ["leases"] }],
      },
      { level: "None", resources: [core("events"), { group: "events.k8s.io", resources: ["events"] }] },
      {
        level: "None",
        users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"],
        verbs: ["get", "list", "watch"],
      },
      // What holds secrets: names alone.
      {
        level: "Metadata",
        resources: [
          core("secrets", "configmaps", "serviceaccounts/token"),
          { group: "authentication.k8s.io", resources: ["tokenreviews", "tokenrequests"] },
        ],
      },
      // Into a container, or past the API server.
      {
        level: "Metadata",
        resources: [
          core("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"),
        ],
      },
      { level: "Metadata", verbs: ["get", "list", "watch"] },
      { level: "Metadata", userGroups: ["system:nodes"] },
      { level: "Request" },
    ],
  });
}
