import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DaemonSetV1 } from "@cdktf/provider-kubernetes/lib/daemon-set-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import { Construct, type IDependable } from "constructs";
import type { ITerraformDependable } from "cdktf";
import { BRIDGE_NAME, ports } from "../../environment/naming";
import { renderBridge, type BridgeSettings } from "../../environment/mesh/bridge-nginx";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { sha256 } from "../../environment/mesh/places";

export interface SkylineBridgeProps extends BridgeSettings {
  /** Priority class of the pods: a node without its bridge is lost to the mesh. */
  readonly priorityClassName: string;
  /**
   * An image of NGINX 1.31.3 or newer that runs as any user, stops by SIGQUIT and has `sleep`, as NGINX' own have.
   * @default "public.ecr.aws/nginx/nginx:1.31.3"
   */
  readonly image?: string;
  /**
   * What must stand before, such as the priority class.
   * @default []
   */
  readonly after?: readonly ITerraformDependable[];
}

/** NGINX' own user in its images. */
const USER = 101;
const CONFIGURATION = "/etc/skyline";

/**
 * skyline-bridge: an NGINX on every worker that turns `:5041/service/NAME/PATH` into a request to NAME in Kubernetes,
 * and requests to Services that stand for Mesos services into requests to the gateways.
 *
 * It is in the services' own namespace, since a Service selects pods of its namespace alone.
 */
export class SkylineBridge extends Construct {
  /** Labels of the bridge's pods. */
  readonly labels: Readonly<Record<string, string>> = { "app.kubernetes.io/name": BRIDGE_NAME };
  readonly namespace: string;
  readonly daemonSet: IDependable & ITerraformDependable;

  constructor(scope: Construct, id: string, props: SkylineBridgeProps) {
    super(scope, id);
    const { namespace } = props.service;
    this.namespace = namespace;
    const metadata = { name: BRIDGE_NAME, namespace, labels: { ...this.labels } };
    const configuration = renderBridge(dataPlaneFile("bridge/nginx.conf"), props);

    const account = new ServiceAccountV1(this, "service-account", {
      metadata,
      automountServiceAccountToken: false,
    });
    const configMap = new ConfigMapV1(this, "configuration", {
      metadata,
      data: { "nginx.conf": configuration },
    });

    this.daemonSet = new DaemonSetV1(this, "daemon-set", {
      metadata,
      // The apply waits until every node has its new bridge: a broken one stops at the first node.
      waitForRollout: true,
      spec: {
        selector: { matchLabels: { ...this.labels } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "1" } },
        minReadySeconds: 10,
        template: {
          metadata: {
            labels: { ...this.labels },
            // Another configuration is another pod: NGINX in a pod reads its configuration once.
            annotations: { "skyline/configuration": sha256(configuration) },
          },
          spec: {
            serviceAccountName: BRIDGE_NAME,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            priorityClassName: props.priorityClassName,
            // Above the sleep before the stop and worker_shutdown_timeout of the configuration.
            terminationGracePeriodSeconds: 75,
            nodeSelector: { "kubernetes.io/os": "linux" },
            // All workers, tainted ones too: traffic comes to any of them.
            toleration: [{ operator: "Exists" }],
            securityContext: {
              runAsNonRoot: true,
              runAsUser: String(USER),
              runAsGroup: String(USER),
              fsGroup: String(USER),
              seccompProfile: { type: "RuntimeDefault" },
            },
            container: [
              {
                name: "nginx",
                image: props.image ?? "public.ecr.aws/nginx/nginx:1.31.3",
                imagePullPolicy: "IfNotPresent",
                command: ["nginx", "-e", "stderr", "-c", `${CONFIGURATION}/nginx.conf`, "-g", "daemon off;"],
                port: [
                  { name: "inbound", containerPort: ports.inbound, hostPort: ports.inbound, protocol: "TCP" },
                  { name: "outbound", containerPort: ports.outbound, protocol: "TCP" },
                  {
                    name: "health",
                    containerPort: ports.health,
                    hostPort: ports.health,
                    hostIp: "127.0.0.1",
                    protocol: "TCP",
                  },
                ],
                // NGINX closes its ports when it is told to stop, and kube-proxy leads calls of Services here for a
                // moment longer: each of them would fail.
                lifecycle: { preStop: [{ exec: { command: ["sleep", "5"] } }] },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  privileged: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
                resources: {
                  requests: { cpu: "100m", memory: "64Mi" },
                  // No CPU limit: throttling shows as latency of everything that passes the node.
                  limits: { memory: "256Mi" },
                },
                startupProbe: { ...probe("/ready"), periodSeconds: 1, failureThreshold: 30 },
                readinessProbe: { ...probe("/ready"), periodSeconds: 5, failureThreshold: 2 },
                livenessProbe: { ...probe("/health"), periodSeconds: 10, failureThreshold: 3 },
                volumeMount: [
                  { name: "configuration", mountPath: CONFIGURATION, readOnly: true },
                  { name: "temporary", mountPath: "/tmp" },
                ],
              },
            ],
            volume: [
              { name: "configuration", configMap: { name: BRIDGE_NAME, defaultMode: "0444" } },
              { name: "temporary", emptyDir: { sizeLimit: "64Mi" } },
            ],
          },
        },
      },
      dependsOn: [account, configMap, ...(props.after ?? [])],
    });
  }
}

const probe = (path: string) => ({
  httpGet: { path, port: "health", scheme: "HTTP" },
  timeoutSeconds: 2,
});
