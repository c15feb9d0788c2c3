import type { Cluster } from "./clusters";
import type { Picture, PicturedCluster, Review } from "./model";
import { groupOf } from "./meaning/groups";
import type { PlannedStack, StackIdentity } from "./stack";

/**
 * Each environment under review before and after. What the review does not show is taken to be there: the gateways of an
 * environment whose mesh is not under review, and clusters that only the dial speaks of.
 *
 * @param waiting stacks under review that cannot be planned yet
 */
export function picturesOf(
  stacks: readonly PlannedStack[],
  waiting: readonly StackIdentity[],
  clusters: readonly Cluster[],
): Review["pictures"] {
  const environments = [...new Set(stacks.map(({ environment }) => environment))].sort();
  return environments.map((environment) => {
    const own = clusters.filter((cluster) => cluster.environment === environment);
    const ofKind = <T extends StackIdentity>(all: readonly T[], kind: T["kind"]) =>
      all.find((stack) => stack.environment === environment && stack.kind === kind);
    const mesh = ofKind(stacks, "mesh");
    const network = ofKind(stacks, "network");
    // A mesh waits for a network that does not stand yet, and no plan here makes its gateways.
    const isBeforeMesh = ofKind(waiting, "mesh") !== undefined || (network !== undefined && isMade(network));
    const side = (which: "before" | "after"): Picture => ({
      environment,
      gateways: mesh === undefined ? !isBeforeMesh : hasGateways(mesh, which),
      clusters: own.flatMap((cluster) => pictured(cluster, which)),
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

const isMade = ({ plan }: PlannedStack) =>
  plan.changes.some(({ type, action }) => type === "aws_vpc" && action === "create");

/** One that goes stays in the picture as long as the dial sends traffic to it. */
function pictured(cluster: Cluster, which: "before" | "after"): PicturedCluster[] {
  const { name, weight, before } = cluster;
  const state = cluster[which];
  if (state === null) {
    return which === "after" && before !== null && (weight ?? 0) > 0
      ? [{ name, ...before, role: "removed", weight }]
      : [];
  }
  return [{ name, ...state, weight }];
}
