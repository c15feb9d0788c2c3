import { counted } from "../../words";
import { carriesTraffic } from "../clusters";
import type { PlannedStack } from "../stack";
import { ends } from "./changes";
import { isBridge, isDaemonSet } from "./bridge-resources";
import { dialWords } from "./dial-words";
import { groupOf } from "./groups";
import { clusterOf, type Rule, type Said, type Situation } from "./rule";

/**
 * Whether a plan takes a cluster away: all of its stack, or what is the cluster whatever is left beside it: the control
 * plane of EKS, the group of all controllers, or the last group of workers; of a platform, the bridge or the last DaemonSet.
 */
export function isRemoval(stack: PlannedStack, around: Situation): boolean {
  const { changes, unchanged } = stack.plan;
  if (stack.cluster === null || !changes.some(ends)) {
    return false;
  }
  const stands = [
    ...unchanged,
    ...changes.filter(({ action }) => action !== "delete" && action !== "forget"),
  ];
  if (stands.length === 0) {
    return true;
  }
  if (stack.kind === "platform") {
    const gone = changes.filter(
      (change) => change.action === "delete" && ends(change) && isDaemonSet(change),
    );
    return gone.some(isBridge) || (gone.length > 0 && !stands.some(isDaemonSet));
  }
  const cluster = clusterOf(stack, around);
  const isWorkers = (change: (typeof changes)[number]) =>
    change.type === "aws_eks_node_group" ||
    (change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "workers");
  return (
    cluster?.before != null &&
    (changes.some(
      (change) =>
        ends(change) &&
        (change.type === "aws_eks_cluster" ||
          (change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "controllers")),
    ) ||
      (changes.some((change) => change.action === "delete" && isWorkers(change)) && !stands.some(isWorkers)))
  );
}

/** Whether a removal comes when it may: of a cluster that retires, and to which no traffic goes. */
export function removalOf(stack: PlannedStack, around: Situation): "none" | "in-order" | "too-soon" {
  if (!isRemoval(stack, around)) {
    return "none";
  }
  const cluster = clusterOf(stack, around);
  return cluster !== undefined && cluster.before?.role === "retiring" && carriesTraffic(cluster) === "no"
    ? "in-order"
    : "too-soon";
}

/** A cluster is taken away; with traffic going to it, or before it retires, that is refused. */
export const clusterRemoved: Rule = (stack, around): Said[] => {
  const cluster = clusterOf(stack, around);
  if (cluster === undefined || !isRemoval(stack, around)) {
    return [];
  }
  const { name, weight } = cluster;
  const role = cluster.before?.role ?? null;
  const what = stack.kind === "platform" ? `what Skyline runs in ${name}` : name;
  const said: Said[] = [
    {
      code: "cluster-removed",
      severity: "danger",
      address: null,
      text:
        `${what}${role === null || stack.kind === "platform" ? "" : `, which is ${role},`} is taken away: ${counted(stack.plan.changes.filter(ends).length, "resource")}` +
        `; ${dialWords(cluster)}`,
    },
  ];
  if (weight !== null && weight > 0) {
    said.push({
      code: "cluster-removed-with-weight",
      severity: "refused",
      address: null,
      text: `${what} is taken away while the dial sends ${counted(weight, "point")} to ${name}: set its weight to 0, and let it retire first`,
    });
  }
  // Of a cluster's own stack that its role leaves, the rule of steps says it.
  if (role !== "retiring" && (stack.kind === "platform" || cluster.after !== null)) {
    said.push({
      code: "step-skipped",
      severity: "refused",
      address: null,
      text:
        role === null
          ? `${what} is taken away, and no state says that ${name} retires: apply ${name} as retiring first`
          : `${what} is taken away while ${name} is ${role}: apply it as ${role === "active" ? "passive, then as retiring," : "retiring"} first`,
    });
  }
  return said;
};
