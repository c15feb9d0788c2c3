import { DEPLOYER_GROUP } from "../../../environment/naming";
import { childOf, type Masked } from "../masked";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { bothSides, changes, ends, textIn, textOf } from "./changes";
import { isRemoval } from "./cluster-removal";
import type { Rule, Said, Situation } from "./rule";

const ENTRIES = ["aws_eks_access_entry", "aws_eks_access_policy_association"];

/** Who gets into a cluster, and as what: its deployer, and its admins. Of a cluster that comes or goes, all do. */
export const accessChanged: Rule = (stack, around) =>
  stack.kind !== "cluster" || isRemoval(stack, around) || isMade(stack)
    ? []
    : stack.plan.changes.flatMap((change): Said[] =>
        ENTRIES.includes(change.type) ? entry(change, stack, around) : [],
      );

const isMade = ({ plan }: PlannedStack) =>
  plan.unchanged.length === 0 && plan.changes.every(({ action }) => action === "create");

function entry(change: PlannedChange, stack: PlannedStack, around: Situation): Said[] {
  const isChanged =
    change.action === "create" ||
    ends(change) ||
    changes(change, "kubernetes_groups", "principal_arn", "policy_arn", "access_scope", "type");
  if (!isChanged) {
    return [];
  }
  const [before, after] = bothSides(change, (side) => textIn(side, "principal_arn"));
  const deployer = around.deployerOf(stack.environment) ?? deployerAmong(stack);
  const isDeployer = deployer !== undefined && [before, after].includes(deployer);
  const policy = textOf(change, "policy_arn")?.split("/").at(-1);
  const who =
    before !== undefined && after !== undefined && before !== after
      ? `${before} gives way to ${after}`
      : change.action === "create"
        ? `${after ?? "somebody"} gets in`
        : change.action === "delete"
          ? `${before ?? "somebody"} does not get in any more`
          : `the access of ${before ?? "somebody"} changes`;
  return [
    {
      code: isDeployer ? "deployer-access-changed" : "access-changed",
      severity: "attention",
      address: change.address,
      text: `${isDeployer ? "the role that applies: " : ""}${who}${policy === undefined ? "" : ` (${policy})`}`,
      explains: [{ change }],
    },
  ];
}

/** Who is in the deployers' group as the cluster stands: a plan that puts somebody else there has no say in who it was. */
export const deployerAmong = ({ plan }: PlannedStack): string | undefined =>
  [...plan.unchanged, ...plan.changes]
    .filter(({ type }) => type === "aws_eks_access_entry")
    .flatMap((change) => bothSides(change, deployerIn))
    .find((principal) => principal !== undefined);

function deployerIn(side: Masked): string | undefined {
  const groups = childOf(side, "kubernetes_groups");
  return Array.isArray(groups) && groups.includes(DEPLOYER_GROUP) ? textIn(side, "principal_arn") : undefined;
}
