import {
  BRIDGE_BACKEND,
  ownPods,
  parsePort,
  parseSelector,
  PODS_PORT,
  PODS_SELECTOR,
  showSelector,
  STAND_IN,
  type Backend,
} from "../../../environment/stand-in";
import { OperationFailure } from "../../failure";
import type { ServiceObject } from "./objects";

/** Where a name's callers in Kubernetes are led. */
export type Side = "kubernetes" | "mesos";

/** A Service that stands for a Mesos service, and its two backends. */
export interface StandIn {
  readonly name: string;
  readonly namespace: string;
  readonly resourceVersion: string;
  readonly backends: Readonly<Record<Side, Backend>>;
  readonly current: Backend;
  /** `half` is the selector of one side with the port of the other, which somebody has made by hand. */
  readonly side: Side | "half";
}

/**
 * Reads a Service as one that a handover may flip.
 *
 * @param port of services' own pods, where the Service says nothing else: `mesh.service.port`
 * @throws OperationFailure refused, when it is somebody else's or leads somewhere else
 */
export function standInOf(service: ServiceObject, port: number): StandIn {
  const { name, namespace, resourceVersion } = service.metadata;
  const foreign = foreignness(service);
  if (foreign !== undefined) {
    throw new OperationFailure(
      "refused",
      `Service ${namespace}/${name} ${foreign}`,
      "only a Service that the platform stack has made for a Mesos service can be handed over",
    );
  }
  const backends = { mesos: BRIDGE_BACKEND, kubernetes: podsOf(service, port) };
  const current = currentOf(service);
  return { name, namespace, resourceVersion, backends, current, side: sideOf(current, backends, service) };
}

/** Why the Service is none of ours, or undefined. */
function foreignness({ metadata, spec }: ServiceObject): string | undefined {
  const { labels = {}, annotations = {}, ownerReferences = [], deletionTimestamp } = metadata;
  const wanted = [
    ...Object.entries(STAND_IN.labels).map(([key, value]) => ["label", key, value, labels[key]] as const),
    ...Object.entries(STAND_IN.annotations).map(
      ([key, value]) => ["annotation", key, value, annotations[key]] as const,
    ),
  ];
  const wrong = wanted.find(([, , value, found]) => value !== found);
  if (wrong !== undefined) {
    const [what, key, value, found] = wrong;
    const has = found === undefined ? "has none" : `has ${found}`;
    return `does not stand for a Mesos service: it ${has} as ${what} ${key}, and not ${value}`;
  }
  const [owner] = ownerReferences;
  if (owner !== undefined) {
    return `is owned by ${owner.kind} ${owner.name}, which would take the change back`;
  }
  if (deletionTimestamp !== undefined) {
    return `is being deleted since ${deletionTimestamp}`;
  }
  if ((spec.type ?? "ClusterIP") !== "ClusterIP") {
    return `is of type ${spec.type}, and not ClusterIP`;
  }
  const count = spec.ports?.length ?? 0;
  return count === 1 ? undefined : `has ${count} ports, and not one`;
}

/** The service's own pods, as the Service's annotations say it. */
function podsOf({ metadata }: ServiceObject, port: number): Backend {
  const { name, namespace, annotations = {} } = metadata;
  const conventional = ownPods(name, port);
  const read = <T>(key: string, parse: (text: string) => T | undefined, otherwise: T): T => {
    const text = annotations[key];
    const value = text === undefined ? otherwise : parse(text);
    if (value === undefined) {
      throw new OperationFailure(
        "refused",
        `Service ${namespace}/${name} has ${JSON.stringify(text)} as annotation ${key}, which cannot be read`,
        `the platform stack writes it, like ${PODS_SELECTOR}: app.kubernetes.io/name=${name} and ${PODS_PORT}: "${port}"`,
      );
    }
    return value;
  };
  const pods: Backend = {
    selector: read(PODS_SELECTOR, parseSelector, conventional.selector),
    targetPort: read(PODS_PORT, parsePort, conventional.targetPort),
  };
  const bridge = Object.entries(BRIDGE_BACKEND.selector);
  if (
    Object.entries(pods.selector).every(([key, value]) => bridge.some(([k, v]) => k === key && v === value))
  ) {
    throw new OperationFailure(
      "refused",
      `the own pods of Service ${namespace}/${name} are ${showSelector(pods.selector)}, which are the bridge's`,
      `inbound requests would go round: write another ${PODS_SELECTOR}`,
    );
  }
  return pods;
}

function currentOf({ spec }: ServiceObject): Backend {
  const port = spec.ports?.[0];
  // A port without a target port is its own target.
  return { selector: spec.selector ?? {}, targetPort: port?.targetPort ?? port?.port ?? 0 };
}

function sideOf(current: Backend, backends: Readonly<Record<Side, Backend>>, service: ServiceObject) {
  const by = (same: (backend: Backend) => boolean) =>
    (["mesos", "kubernetes"] as const).filter((side) => same(backends[side]));
  const selectors = by((backend) => showSelector(backend.selector) === showSelector(current.selector));
  const targets = by((backend) => String(backend.targetPort) === String(current.targetPort));
  if (selectors.length === 0 || targets.length === 0) {
    const { name, namespace } = service.metadata;
    const either = `${showBackend(backends.mesos)} (the bridge) nor ${showBackend(backends.kubernetes)} (its own pods)`;
    throw new OperationFailure(
      "refused",
      `Service ${namespace}/${name} leads to ${showBackend(current)}, neither to ${either}`,
      `somebody else has changed it: put it right by hand, or correct ${PODS_SELECTOR} and ${PODS_PORT}`,
    );
  }
  return selectors.find((side) => targets.includes(side)) ?? "half";
}

/** `app=a, port 8080` */
export const showBackend = ({ selector, targetPort }: Backend) =>
  `${showSelector(selector) || "no selector"}, port ${targetPort}`;

/**
 * The one update that flips a Service: both fields, and the version that was read, so that the API server refuses it
 * when anybody has changed the Service since.
 */
export const flipPatch = ({ resourceVersion, backends }: StandIn, to: Side): readonly object[] => [
  { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
  { op: "replace", path: "/spec/selector", value: backends[to].selector },
  { op: "add", path: "/spec/ports/0/targetPort", value: backends[to].targetPort },
];
