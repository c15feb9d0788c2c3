import type { Backend } from "../../../environment/stand-in";
import type { Kubectl } from "../../kubectl/kubectl";
import type { EndpointSliceObject, PodObject } from "./objects";
import { podsOfBackend } from "./pods";

/** What the endpoints of a Service lead to. */
export interface Followed {
  /** `10.128.0.7:8080`, sorted. */
  readonly endpoints: readonly string[];
  /** Why these are not the backend's; undefined when they are. */
  readonly differs?: string;
}

/** Reads what kube-proxy goes by: not the Service, its EndpointSlices. */
export async function followed(
  kubectl: Kubectl,
  name: string,
  namespace: string,
  backend: Backend,
): Promise<Followed> {
  const slices = await kubectl.list<EndpointSliceObject>(
    "endpointslices.discovery.k8s.io",
    namespace,
    `kubernetes.io/service-name=${name}`,
  );
  const { ready } = await podsOfBackend(kubectl, namespace, backend);
  return compare(slices, ready, backend);
}

export function compare(
  slices: readonly EndpointSliceObject[],
  pods: readonly PodObject[],
  { targetPort }: Backend,
): Followed {
  const all = slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? [])
      .filter(({ conditions = {} }) => conditions.ready !== false && conditions.terminating !== true)
      .flatMap(({ addresses, targetRef }) =>
        addresses.map((address) => ({ address, port: ports?.[0]?.port, uid: targetRef?.uid })),
      ),
  );
  const show = ({ address, port }: { address: string; port?: number }) =>
    `${address.includes(":") ? `[${address}]` : address}:${port ?? "none"}`;
  const endpoints = all.map(show).sort();
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  const stranger = all.find(({ uid }) => uid === undefined || !uids.has(uid));
  const wrong = all.find(({ port }) =>
    typeof targetPort === "number" ? port !== targetPort : port === undefined,
  );
  const differs =
    all.length === 0
      ? "it has no ready endpoint"
      : stranger !== undefined
        ? `${show(stranger)} is none of the pods that it selects`
        : wrong !== undefined
          ? `${show(wrong)} has another port than ${targetPort}`
          : undefined;
  return { endpoints, ...(differs === undefined ? {} : { differs }) };
}
