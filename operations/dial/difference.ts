import { unifiedDiff } from "../mesh/publish/diff";
import type { ClusterState } from "./clusters";
import { normal, weightOf, type Weights } from "./weights";

/**
 * What a change does to the configuration of every gateway, as `diff -u` shows it; empty when it does nothing.
 *
 * @param before null when nobody can tell what is in force
 */
export function difference(
  before: Weights | null,
  after: Weights,
  clusters: readonly ClusterState[],
): string {
  const [old, now] = [before === null ? undefined : splitOf(before, clusters), splitOf(after, clusters)];
  return old === now
    ? ""
    : unifiedDiff("maps.conf", old === undefined ? undefined : Buffer.from(old), Buffer.from(now));
}

/**
 * NGINX's choice of a cluster by the request's id, as gateways render it (`skyline_mesh/dial_maps.py`). A cluster without
 * workers has the empty name there: its share is answered 503.
 */
export function splitOf(weights: Weights, clusters: readonly ClusterState[]): string {
  const shares = Object.entries(normal(weights)).map(([name, weight]) => {
    const alive = clusters.some((cluster) => cluster.name === name && cluster.workers > 0);
    return { name: alive ? name : "", weight };
  });
  const lines = shares.map(({ name, weight }, at) =>
    at === shares.length - 1 ? `  * "${name}";` : `  ${weight}% "${name}";`,
  );
  return ["split_clients $skyline_request_id $dial {", ...lines, "}", ""].join("\n");
}

/** Points of each cluster before and after. */
export interface Move {
  readonly cluster: string;
  readonly before: number | null;
  readonly after: number;
}

/** All clusters of the file, and those that have a weight nevertheless. */
export function moves(
  before: Weights | null,
  after: Weights,
  clusters: readonly ClusterState[],
): readonly Move[] {
  const names = new Set([
    ...clusters.filter(({ role }) => role !== "removed").map(({ name }) => name),
    ...Object.keys(normal(before ?? {})),
    ...Object.keys(normal(after)),
  ]);
  return [...names].map((cluster) => ({
    cluster,
    before: before === null ? null : weightOf(before, cluster),
    after: weightOf(after, cluster),
  }));
}
