import { skippedStep, type Stage } from "../../life";
import { counted, listed } from "../../words";
import type { Cluster, ClusterState } from "../clusters";
import type { PlannedStack } from "../stack";
import { dialWords } from "./dial-words";
import { clusterOf, type Rule, type Said, type Situation } from "./rule";

/** A cluster takes a step of its life, or would skip one, which is refused; or it hides how far it has come. */
export const lifeStep: Rule = (stack, around): Said[] => {
  const cluster = clusterOf(stack, around);
  if (stack.kind !== "cluster" || cluster === undefined || (cluster.before ?? cluster.after) === null) {
    return [];
  }
  return [
    ...(hidesRole(stack, cluster) ? [roleHidden(cluster)] : step(cluster, around)),
    ...twoActive(stack, cluster, around),
  ];
};

/** The role is an output for others: for the next review, and for platforms. */
function hidesRole({ plan }: PlannedStack, { after }: Cluster): boolean {
  const output = plan.outputs.get("cluster_role");
  return (
    after !== null &&
    after.role === null &&
    output !== undefined &&
    (output.action !== "none" || output.attributes.length > 0)
  );
}

const roleHidden = ({ name }: Cluster): Said => ({
  code: "role-hidden",
  severity: "refused",
  address: null,
  text: `${name} stays, and its output cluster_role would not say its role any more: nobody could tell which step of its life comes next`,
});

function step(cluster: Cluster, around: Situation): Said[] {
  const { name, weight } = cluster;
  const from = stageIn(cluster.before);
  const to = stageIn(cluster.after);
  if (to === null) {
    return [];
  }
  if (from === null) {
    return to === "none"
      ? [
          skipped(
            `${name} is taken away, and its state does not say that it retires: apply it with the role that it has first`,
          ),
        ]
      : [];
  }
  if (from === to) {
    return [];
  }
  const first = isFirst(cluster, around);
  const before = skippedStep(from, to, first !== "no");
  if (before !== undefined) {
    return [
      skipped(`${name} would go from ${stageName(from)} to ${stageName(to)}: apply it as ${before} first`),
    ];
  }
  if (to === "retiring" && weight !== null && weight > 0) {
    return [
      {
        code: "weight-left",
        severity: "refused",
        address: null,
        text: `${name} is to retire while the dial sends it ${counted(weight, "point")}: set its weight to 0 first`,
      },
    ];
  }
  return [from === "none" ? made(name, to, first) : taken(cluster, from, to)];
}

const made = (name: string, to: Stage, first: ReturnType<typeof isFirst>): Said => {
  const isDoubtful = to === "active" && first === "unknown";
  return {
    code: "life-step",
    severity: isDoubtful ? "attention" : "note",
    address: null,
    text: isDoubtful
      ? `${name} is made as the active cluster, which only the first one of an environment may be`
      : `${name} is made, ${to}`,
  };
};

function taken(cluster: Cluster, from: Stage, to: Stage): Said {
  const { name, weight } = cluster;
  const isLeft = from === "active" && to === "passive" && (weight ?? 0) > 0;
  const isDoubtful = to === "retiring" && weight === null;
  return {
    code: "life-step",
    severity: isLeft || isDoubtful ? "attention" : "note",
    address: null,
    text:
      `${name} goes from ${stageName(from)} to ${stageName(to)}` +
      (to === "none" ? "; " : ", which moves no request: ") +
      dialWords(cluster) +
      (isDoubtful ? ", and has to be nothing" : ""),
  };
}

/** Two active clusters are told of once, by the first of them whose own stack is under review. */
function twoActive({ environment }: PlannedStack, { name }: Cluster, around: Situation): Said[] {
  const active = around.clusters.filter(
    (one) => one.environment === environment && one.after?.role === "active",
  );
  const teller = active.find((one) =>
    around.stacks.some(
      (stack) => stack.environment === environment && stack.kind === "cluster" && stack.cluster === one.name,
    ),
  );
  return active.length < 2 || teller?.name !== name
    ? []
    : [
        {
          code: "two-active",
          severity: "danger",
          address: null,
          text: `${listed(active.map((one) => one.name))} would both be active: the one that was becomes passive first`,
        },
      ];
}

const skipped = (text: string): Said => ({ code: "step-skipped", severity: "refused", address: null, text });

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
