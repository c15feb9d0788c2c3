import { BRIDGE_NAME, DENIED_SERVICE_NAMES, ports, SERVICE_NAME } from "./naming";

/**
 * How a Kubernetes Service that stands for a Mesos service says so, and says to what a handover may flip it. Terraform
 * writes it, `skyline mesh handover` reads it.
 */
export const STAND_IN = {
  labels: { "app.kubernetes.io/managed-by": "skyline" },
  annotations: { "skyline/stands-for": "mesos" },
} as const;

/** Annotations with the service's own pods: the way there, and what the selector was once it has been flipped back. */
export const PODS_SELECTOR = "skyline/pods-selector";
export const PODS_PORT = "skyline/pods-port";

/** What a Service leads to: the two fields that a handover flips at once. */
export interface Backend {
  /** Labels that its pods have. */
  readonly selector: Readonly<Record<string, string>>;
  /** Number or name of the pods' port. */
  readonly targetPort: number | string;
}

/** The bridge, which sends to the gateways. */
export const BRIDGE_BACKEND: Backend = {
  selector: { "app.kubernetes.io/name": BRIDGE_NAME },
  targetPort: ports.outbound,
};

/** Whether a Service of this name can stand for a Mesos service. */
export const canStandIn = (name: string) => SERVICE_NAME.test(name) && !DENIED_SERVICE_NAMES.includes(name);

/**
 * The service's own pods when nothing else is said, as the service skeleton labels them.
 *
 * @param port `mesh.service.port`
 */
export const ownPods = (name: string, port: number): Backend => ({
  selector: { "app.kubernetes.io/name": name },
  targetPort: port,
});

/** The annotations that describe the service's own pods. */
export const podsAnnotations = ({ selector, targetPort }: Backend): Record<string, string> => ({
  [PODS_SELECTOR]: showSelector(selector),
  [PODS_PORT]: String(targetPort),
});

/** `app=a,tier=web`, as kubectl takes it; sorted, so that equal selectors are equal texts. */
export const showSelector = (selector: Readonly<Record<string, string>>): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");

const LABEL =
  /^((?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)=([A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** Reads what {@link showSelector} wrote. @returns undefined when it is no such text, or selects everything */
export function parseSelector(text: string): Record<string, string> | undefined {
  const pairs = text.split(",").map((pair) => LABEL.exec(pair.trim()));
  const known = pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? "", pair[2] ?? ""] as const]));
  const selector = Object.fromEntries(known);
  return known.length === pairs.length && Object.keys(selector).length === pairs.length
    ? selector
    : undefined;
}

/** Reads a port: a number from 1 to 65535, or a name of one. */
export function parsePort(text: string): number | string | undefined {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    return port >= 1 && port <= 65535 ? port : undefined;
  }
  return /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(text) ? text : undefined;
}

/** Whether annotations can carry a backend: what is read back is what was written. */
export const isBackend = ({ selector, targetPort }: Backend): boolean =>
  parseSelector(showSelector(selector)) !== undefined && parsePort(String(targetPort)) !== undefined;
