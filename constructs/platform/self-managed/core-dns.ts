import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { addOnAccounts } from "../../../environment/naming";
import { kubeDnsAddress } from "../../../environment/mesh/bridge-nginx";
import { sha256 } from "../../../environment/mesh/places";
import { apart, asUser, confinedWith, httpProbe, labelsOf, metadataOf, serviceAccount } from "./add-on";
import type { AddOnProps } from "./add-on";
import { renderCorefile } from "./corefile";

export interface CoreDnsProps extends Pick<AddOnProps, "serviceCidr" | "images"> {
  /** What must work before pods outside of the node's own network start. */
  readonly after: readonly ITerraformDependable[];
}

const NAME = addOnAccounts.coreDns;
/** `nonroot` of the image. */
const USER = 65532;

/** The cluster's DNS: CoreDNS behind the Service `kube-dns`, which has the tenth address of the Service network. */
export class CoreDns extends Construct {
  constructor(scope: Construct, id: string, props: CoreDnsProps) {
    super(scope, id);
    const corefile = renderCorefile();
    const account = serviceAccount(this, NAME);
    const configuration = new ConfigMapV1(this, "configuration", {
      metadata: metadataOf(NAME),
      data: { Corefile: corefile },
    });

    new DeploymentV1(this, "deployment", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        replicas: "2",
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "1", maxUnavailable: "0" } },
        selector: { matchLabels: labelsOf(NAME) },
        template: {
          metadata: {
            labels: labelsOf(NAME),
            annotations: { "skyline/configuration": sha256(corefile) },
          },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-cluster-critical",
            // The node's resolver: its own would be itself.
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            topologySpreadConstraint: apart(NAME),
            securityContext: asUser(USER),
            container: [
              {
                name: "coredns",
                image: props.images.coreDns,
                imagePullPolicy: "IfNotPresent",
                args: ["-conf", "/etc/coredns/Corefile"],
                port: [
                  { name: "dns", containerPort: 53, protocol: "UDP" },
                  { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
                  { name: "metrics", containerPort: 9153, protocol: "TCP" },
                ],
                // Port 53; the image's binary carries the capability, and does not start where it cannot have it.
                securityContext: confinedWith("NET_BIND_SERVICE"),
                resources: { requests: { cpu: "100m", memory: "70Mi" }, limits: { memory: "170Mi" } },
                livenessProbe: {
                  ...httpProbe("/health", 8080),
                  initialDelaySeconds: 60,
                  failureThreshold: 5,
                },
                readinessProbe: { ...httpProbe("/ready", 8181), periodSeconds: 5 },
                volumeMount: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
              },
            ],
            volume: [{ name: "configuration", configMap: { name: NAME, defaultMode: "0444" } }],
          },
        },
      },
      dependsOn: [account, configuration, ...props.after],
    });
    new PodDisruptionBudgetV1(this, "disruption-budget", {
      metadata: metadataOf(NAME),
      spec: { maxUnavailable: "1", selector: { matchLabels: labelsOf(NAME) } },
    });
    new ServiceV1(this, "service", {
      metadata: metadataOf("kube-dns"),
      spec: {
        type: "ClusterIP",
        clusterIp: kubeDnsAddress(props.serviceCidr),
        selector: labelsOf(NAME),
        port: [
          { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
          { name: "dns-tcp", port: 53, targetPort: "dns-tcp", protocol: "TCP" },
        ],
      },
    });
  }
}
