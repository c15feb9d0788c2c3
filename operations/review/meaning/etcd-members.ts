import { listed } from "../../words";
import { changes, ends } from "./changes";
import { isRemoval } from "./cluster-removal";
import { explainedBy, groupOf } from "./groups";
import type { Explained, Rule, Said } from "./rule";

/**
 * Members of etcd are replaced. Each keeps its volume and its interface, so that the loss of any of the three ends a
 * member; a changed template waits for a person to end the instance.
 */
export const etcdMembersReplaced: Rule = (stack, around) => {
  if (stack.kind !== "cluster" || isRemoval(stack, around)) {
    return [];
  }
  const members = new Set<number>();
  const lost = new Set<number>();
  const waiting = new Set<number>();
  const ending: Explained[] = [];
  const changed: Explained[] = [];
  for (const change of [...stack.plan.unchanged, ...stack.plan.changes]) {
    const member = groupOf(stack, change)?.member ?? null;
    if (member === null || change.action === "create") continue;
    members.add(member);
    if (ends(change) && change.type !== "aws_launch_template") {
      lost.add(member);
      ending.push({ change });
    } else if (change.type === "aws_autoscaling_group" && changes(change, "launch_template")) {
      waiting.add(member);
      changed.push(...explainedBy(stack, change, ["launch_template"]));
    }
  }
  const name = (all: Set<number>) =>
    listed([...all].sort((one, other) => one - other).map((i) => `etcd-${i}`));
  const said: Said[] = [];
  const isQuorumLost = lost.size > (members.size - 1) / 2;
  if (lost.size > 0) {
    said.push({
      code: "etcd-member-replaced",
      severity: lost.size > 1 || isQuorumLost ? "danger" : "attention",
      address: null,
      text:
        `${lost.size} of ${members.size} etcd members of ${stack.cluster} are replaced in this plan (${name(lost)})` +
        (isQuorumLost ? ": the quorum is lost" : lost.size > 1 ? ": apply one at a time" : ""),
      explains: ending,
    });
  }
  if (waiting.size > 0) {
    said.push({
      code: "etcd-template-changed",
      severity: "note",
      address: null,
      text: `the new template of ${name(waiting)} takes effect when a person ends the instance, one member at a time`,
      explains: changed,
    });
  }
  return said;
};
