import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { Construct } from "constructs";
import { ports } from "../../environment/naming";
import {
  BRIDGE_BACKEND,
  canStandIn,
  isBackend,
  ownPods,
  podsAnnotations,
  showSelector,
  STAND_IN,
} from "../../environment/stand-in";
import type { SkylineBridge } from "./skyline-bridge";

export interface MesosServiceProps {
  /** Name of the service, in Mesos and in Kubernetes. */
  readonly name: string;
  /** Port that clients in Kubernetes call. */
  readonly port: number;
  readonly bridge: SkylineBridge;
  /**
   * The service's own pods, to which a handover leads. Written as annotations on the Service, where the handover finds it.
   * @default pods labelled `app.kubernetes.io/name: <name>`, at `port`
   */
  readonly pods?: {
    /** Labels of the pods; they must not be the bridge's. */
    readonly selector?: Readonly<Record<string, string>>;
    /** Number or name of the pods' port. */
    readonly port?: number | string;
  };
}

/**
 * A Kubernetes Service that stands for a Mesos service: `organization.default.svc.cluster.local:8080` goes to the
 * bridge, and from there through the gateways to Mesos.
 *
 * Terraform makes the Service and then leaves its selector and target port alone: a handover
 * (`skyline mesh handover`) flips the two at once to the service's own pods and back, and no apply may undo it.
 *
 * @throws Error when the name cannot be routed, or `pods` can be none of its own
 */
export class MesosService extends Construct {
  constructor(scope: Construct, id: string, props: MesosServiceProps) {
    super(scope, id);
    if (!canStandIn(props.name)) {
      throw new Error(`${JSON.stringify(props.name)} cannot stand for a Mesos service; write a DNS label`);
    }
    const conventional = ownPods(props.name, props.port);
    const pods = {
      selector: props.pods?.selector ?? conventional.selector,
      targetPort: props.pods?.port ?? conventional.targetPort,
    };
    if (!isBackend(pods) || showSelector(pods.selector) === showSelector(BRIDGE_BACKEND.selector)) {
      throw new Error(`${JSON.stringify(pods)} are no pods of ${props.name}; write labels, and a port`);
    }
    new ServiceV1(this, "service", {
      metadata: {
        name: props.name,
        namespace: props.bridge.namespace,
        labels: { "app.kubernetes.io/name": props.name, ...STAND_IN.labels },
        annotations: { ...STAND_IN.annotations, ...podsAnnotations(pods) },
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
