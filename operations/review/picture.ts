import type { Cluster, ClusterState } from "./clusters";
import type { Picture, PicturedCluster, Review } from "./model";
import { groupOf } from "./meaning/groups";
import type { PlannedStack } from "./stack";

/**
 * Each environment under review before and after. What the review does not show is taken to be there: the gateways of an
 * environment whose mesh is not under review, and clusters that only the dial speaks of.
 */
export function picturesOf(
  stacks: readonly PlannedStack[],
  clusters: readonly Cluster[],
): Review["pictures"] {
  const environments = [...new Set(stacks.map(({ environment }) => environment))].sort();
  return environments.map((environment) => {
    const own = clusters.filter((cluster) => cluster.environment === environment);
    const mesh = stacks.find((stack) => stack.environment === environment && stack.kind === "mesh");
    const side = (which: "before" | "after"): Picture => ({
      environment,
      gateways: mesh === undefined || hasGateways(mesh, which),
      clusters: own.flatMap((cluster) => pictured(cluster, cluster[which])),
    });
    return { before: side("before"), after: side("after") };
  });
}

function hasGateways(mesh: PlannedStack, which: "before" | "after"): boolean {
  const absent = which === "before" ? ["create"] : ["delete", "forget"];
  return [...mesh.plan.unchanged, ...mesh.plan.changes].some(
    (change) =>
      change.type === "aws_autoscaling_group" &&
      groupOf(mesh, change)?.role === "gateways" &&
      !absent.includes(change.action),
  );
}

function pictured({ name, weight }: Cluster, state: ClusterState | null): PicturedCluster[] {
  return state === null ? [] : [{ name, ...state, weight }];
}
