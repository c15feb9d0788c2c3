import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DaemonSetV1 } from "@cdktf/provider-kubernetes/lib/daemon-set-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { addOnAccounts } from "../../../environment/naming";
import { sha256 } from "../../../environment/mesh/places";
import {
  AS_ROOT,
  CONFINED,
  confinedWith,
  directApiServer,
  EVERYWHERE,
  httpProbe,
  labelsOf,
  metadataOf,
  nodeName,
  serviceAccount,
} from "./add-on";
import type { AddOnProps } from "./add-on";
import { FLANNEL_FOLDER, renderFlannel } from "./flannel-configuration";

const NAME = addOnAccounts.flannel;
const HEALTH_PORT = 8090;
const RESOURCES = { requests: { cpu: "100m", memory: "50Mi" }, limits: { memory: "256Mi" } };

export type FlannelProps = Pick<AddOnProps, "cluster" | "domain" | "podCidr" | "images">;

/** The network of pods: Flannel by VXLAN on every node, and portmap behind it for host ports. */
export class Flannel extends Construct {
  readonly daemonSet: ITerraformDependable;

  constructor(scope: Construct, id: string, props: FlannelProps) {
    super(scope, id);
    const data = renderFlannel(props.podCidr);
    const account = serviceAccount(this, NAME);
    const configuration = new ConfigMapV1(this, "configuration", { metadata: metadataOf(NAME), data });
    const { images } = props;
    const files = { name: "configuration", mountPath: FLANNEL_FOLDER, readOnly: true };

    this.daemonSet = new DaemonSetV1(this, "daemon-set", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        selector: { matchLabels: labelsOf(NAME) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "1" } },
        template: {
          metadata: {
            labels: labelsOf(NAME),
            annotations: { "skyline/configuration": sha256(JSON.stringify(data)) },
          },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-node-critical",
            // It makes the network that pods have.
            hostNetwork: true,
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            toleration: EVERYWHERE,
            // Folders of the node are root's, and capabilities too.
            securityContext: AS_ROOT,
            initContainer: [
              {
                name: "install-plugin",
                image: images.flannelPlugin,
                imagePullPolicy: "IfNotPresent",
                command: ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"],
                securityContext: CONFINED,
                resources: RESOURCES,
                volumeMount: [{ name: "plugins", mountPath: "/opt/cni/bin" }],
              },
              {
                name: "install-configuration",
                image: images.flannel,
                imagePullPolicy: "IfNotPresent",
                command: [
                  "/opt/bin/install-conf",
                  `${FLANNEL_FOLDER}/cni-conf.json`,
                  "/etc/cni/net.d/10-flannel.conflist",
                ],
                securityContext: CONFINED,
                resources: RESOURCES,
                volumeMount: [files, { name: "networks", mountPath: "/etc/cni/net.d" }],
              },
            ],
            container: [
              {
                name: "flannel",
                image: images.flannel,
                imagePullPolicy: "IfNotPresent",
                command: ["/opt/bin/flanneld"],
                args: [
                  "--ip-masq",
                  "--kube-subnet-mgr",
                  "--healthz-ip=127.0.0.1",
                  `--healthz-port=${HEALTH_PORT}`,
                ],
                env: [...directApiServer(props), nodeName("NODE_NAME")],
                // The overlay's device, its routes and rules.
                securityContext: confinedWith("NET_ADMIN", "NET_RAW"),
                resources: RESOURCES,
                livenessProbe: {
                  ...httpProbe("/healthz", HEALTH_PORT, { host: "127.0.0.1" }),
                  initialDelaySeconds: 10,
                  periodSeconds: 30,
                },
                readinessProbe: {
                  ...httpProbe("/readyz", HEALTH_PORT, { host: "127.0.0.1" }),
                  periodSeconds: 5,
                },
                volumeMount: [files, { name: "run", mountPath: "/run/flannel" }],
              },
            ],
            volume: [
              { name: "configuration", configMap: { name: NAME, defaultMode: "0444" } },
              { name: "run", hostPath: { path: "/run/flannel", type: "DirectoryOrCreate" } },
              { name: "plugins", hostPath: { path: "/opt/cni/bin", type: "DirectoryOrCreate" } },
              { name: "networks", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
            ],
          },
        },
      },
      dependsOn: [account, configuration],
    });
  }
}
