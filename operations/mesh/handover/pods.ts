import { BRIDGE_BACKEND, showSelector, type Backend } from "../../../environment/stand-in";
import { OperationFailure } from "../../failure";
import type { Kubectl } from "../../kubectl/kubectl";
import type { PodObject } from "./objects";

/** Pods of a backend, those that end or have ended left out. */
export interface BackendPods {
  readonly ready: readonly PodObject[];
  readonly unready: readonly PodObject[];
}

export async function podsOfBackend(
  kubectl: Kubectl,
  namespace: string,
  backend: Backend,
): Promise<BackendPods> {
  return sortPods(await kubectl.list<PodObject>("pods", namespace, showSelector(backend.selector)));
}

export function sortPods(pods: readonly PodObject[]): BackendPods {
  const live = pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && !/^(Succeeded|Failed)$/.test(status?.phase ?? ""),
  );
  const isReady = ({ status }: PodObject) =>
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
  return { ready: live.filter(isReady), unready: live.filter((pod) => !isReady(pod)) };
}

/** Whether a backend's pods can take its traffic: `undefined` when they can, else what is waited for. */
export function podsLack({ ready, unready }: BackendPods, enough: number | undefined): string | undefined {
  if (enough === undefined ? unready.length === 0 && ready.length > 0 : ready.length >= enough) {
    return undefined;
  }
  const names = unready.map(({ metadata }) => metadata.name);
  const total = ready.length + unready.length;
  const wanted = enough === undefined ? "" : `, and ${enough} are wanted`;
  const those =
    names.length === 0 ? "" : `; not Ready: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
  return `${ready.length} of ${total} pods are Ready${wanted}${those}`;
}

/** Refuses a service that nothing serves, and one whose selector catches the bridge: that would be a circle. */
export async function checkOwnPods(
  kubectl: Kubectl,
  name: string,
  namespace: string,
  backend: Backend,
  { ready, unready }: BackendPods,
): Promise<void> {
  const all = [...ready, ...unready];
  if (all.length === 0) {
    throw new OperationFailure(
      "refused",
      `${name} has no pods in namespace ${namespace}: nothing has the labels ${showSelector(backend.selector)}`,
      "deploy the service first, with these labels on its pods",
    );
  }
  const bridges = await kubectl.list<PodObject>("pods", namespace, showSelector(BRIDGE_BACKEND.selector));
  const uids = new Set(bridges.map(({ metadata }) => metadata.uid));
  const caught = all.find(({ metadata }) => uids.has(metadata.uid));
  if (caught !== undefined) {
    throw new OperationFailure(
      "refused",
      `the labels ${showSelector(backend.selector)} select the bridge's pod ${caught.metadata.name} too`,
      "inbound requests for the name would go round: give the service's pods labels of their own",
    );
  }
}

/** What is odd about the port, though it may be right: a container need not declare the ports it listens on. */
export function portWarning(pods: readonly PodObject[], targetPort: number | string): string | undefined {
  const declared = pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }) => ports));
  const known = declared.some(
    ({ name, containerPort }) => name === targetPort || String(containerPort) === String(targetPort),
  );
  return known
    ? undefined
    : `no container of its pods declares port ${targetPort}: make sure that they listen there`;
}
