import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DaemonSetV1 } from "@cdktf/provider-kubernetes/lib/daemon-set-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { addOnAccounts } from "../../../environment/naming";
import { sha256 } from "../../../environment/mesh/places";
import {
  AS_ROOT,
  confinedWith,
  EVERYWHERE,
  httpProbe,
  labelsOf,
  metadataOf,
  nodeName,
  serviceAccount,
} from "./add-on";
import type { AddOnProps } from "./add-on";
import { KUBE_PROXY_FOLDER, KUBE_PROXY_HEALTH_PORT, renderKubeProxy } from "./kube-proxy-configuration";

const NAME = addOnAccounts.kubeProxy;

export type KubeProxyProps = Pick<AddOnProps, "cluster" | "domain" | "podCidr" | "images">;

/** kube-proxy on every node, by nftables: what makes the addresses of Services work. */
export class KubeProxy extends Construct {
  readonly daemonSet: ITerraformDependable;

  constructor(scope: Construct, id: string, props: KubeProxyProps) {
    super(scope, id);
    const data = renderKubeProxy(props);
    const account = serviceAccount(this, NAME);
    const configuration = new ConfigMapV1(this, "configuration", { metadata: metadataOf(NAME), data });
    const container = {
      image: props.images.kubeProxy,
      imagePullPolicy: "IfNotPresent",
      env: [nodeName("NODE_NAME")],
      volumeMount: [{ name: "configuration", mountPath: KUBE_PROXY_FOLDER, readOnly: true }],
    };
    const command = [
      "/usr/local/bin/kube-proxy",
      `--config=${KUBE_PROXY_FOLDER}/config.conf`,
      "--hostname-override=$(NODE_NAME)",
    ];

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
            // It writes the node's own rules.
            hostNetwork: true,
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            toleration: EVERYWHERE,
            // Capabilities are root's: none outlives a change of user.
            securityContext: AS_ROOT,
            initContainer: [
              {
                ...container,
                name: "prepare",
                command: [...command, "--init-only"],
                // Sizes the kernel's table of connections, which no capability short of all of them allows. It ends
                // before the proxy starts, which then needs but one.
                securityContext: { privileged: true, readOnlyRootFilesystem: true },
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
              },
            ],
            container: [
              {
                ...container,
                name: "kube-proxy",
                command,
                securityContext: confinedWith("NET_ADMIN"),
                // No CPU limit: throttled, it leads calls to pods that are gone.
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
                livenessProbe: {
                  ...httpProbe("/livez", KUBE_PROXY_HEALTH_PORT, { host: "127.0.0.1" }),
                  failureThreshold: 5,
                },
              },
            ],
            volume: [{ name: "configuration", configMap: { name: NAME, defaultMode: "0444" } }],
          },
        },
      },
      dependsOn: [account, configuration],
    });
  }
}
