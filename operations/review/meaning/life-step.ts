import { skippedStep, type Stage } from "../../life";
import type { Cluster, ClusterState } from "../clusters";
import { clusterOf, type Rule, type Said, type Situation } from "./rule";

/** A cluster takes a step of its life, or would skip one, which is refused. */
export const lifeStep: Rule = (stack, around): Said[] => {
  const cluster = clusterOf(stack, around);
  if (stack.kind !== "cluster" || cluster === undefined || (cluster.before ?? cluster.after) === null) {
    return [];
  }
  const { name } = cluster;
  const from = stageIn(cluster.before);
  const to = stageIn(cluster.after);
  if (to === null) {
    return [];
  }
  if (from === null) {
    return to === "none"
      ? [
          refused(
            `${name} is taken away, and its state does not say that it retires: apply it with the role that it has first`,
          ),
        ]
      : [];
  }
  if (from === to) {
    return [];
  }
  const first = isFirst(cluster, around);
  const skipped = skippedStep(from, to, first !== "no");
  if (skipped !== undefined) {
    return [
      refused(`${name} would go from ${stageName(from)} to ${stageName(to)}: apply it as ${skipped} first`),
    ];
  }
  return [
    {
      code: "life-step",
      severity: from === "none" && to === "active" && first === "unknown" ? "attention" : "note",
      address: null,
      text:
        from === "none"
          ? to === "active" && first === "unknown"
            ? `${name} is made as the active cluster, which only the first one of an environment may be`
            : `${name} is made, ${to}`
          : `${name} goes from ${stageName(from)} to ${stageName(to)}`,
    },
  ];
};

const refused = (text: string): Said => ({ code: "step-skipped", severity: "refused", address: null, text });

const stageIn = (state: ClusterState | null): Stage | null => (state === null ? "none" : state.role);

const stageName = (stage: Stage) => (stage === "none" ? "removed" : stage);

/** Whether no other cluster of the environment stands, as far as what is under review and the dial tell. */
function isFirst({ environment, name }: Cluster, { clusters, stacks }: Situation): "yes" | "no" | "unknown" {
  const others = clusters.filter((other) => other.environment === environment && other.name !== name);
  if (others.some(({ before, weight }) => before !== null && (before.role !== null || (weight ?? 0) > 0))) {
    return "no";
  }
  const network = stacks.find((stack) => stack.environment === environment && stack.kind === "network");
  return network?.plan.changes.some(({ type, action }) => type === "aws_vpc" && action === "create")
    ? "yes"
    : "unknown";
}
