import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { Construct } from "constructs";
import { DENIED_SERVICE_NAMES, ports, SERVICE_NAME } from "../../environment/naming";
import type { SkylineBridge } from "./skyline-bridge";

export interface MesosServiceProps {
  /** Name of the service, in Mesos and in Kubernetes. */
  readonly name: string;
  /** Port that clients in Kubernetes call. */
  readonly port: number;
  readonly bridge: SkylineBridge;
}

/**
 * A Kubernetes Service that stands for a Mesos service: `organization.default.svc.cluster.local:8080` goes to the
 * bridge, and from there through the gateways to Mesos.
 *
 * Terraform makes the Service and then leaves its selector and target port alone: a handover
 * (`skyline mesh handover`) flips the two at once to the service's own pods and back, and no apply may undo it.
 *
 * @throws Error when the name cannot be routed
 */
export class MesosService extends Construct {
  constructor(scope: Construct, id: string, props: MesosServiceProps) {
    super(scope, id);
    if (!SERVICE_NAME.test(props.name) || DENIED_SERVICE_NAMES.includes(props.name)) {
      throw new Error(`${JSON.stringify(props.name)} cannot stand for a Mesos service; write a DNS label`);
    }
    new ServiceV1(this, "service", {
      metadata: {
        name: props.name,
        namespace: props.bridge.namespace,
        labels: { "app.kubernetes.io/name": props.name, "app.kubernetes.io/managed-by": "skyline" },
        annotations: { "skyline/stands-for": "mesos" },
      },
      spec: {
        type: "ClusterIP",
        selector: { ...props.bridge.labels },
        port: [{ name: "http", protocol: "TCP", port: props.port, targetPort: String(ports.outbound) }],
      },
      lifecycle: { ignoreChanges: ["spec[0].selector", "spec[0].port[0].target_port"] },
    });
  }
}
