import { registry } from "../../../environment/naming";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { changes, ended, ends, isReplaced, textOf } from "./changes";
import { isRemoval } from "./cluster-removal";
import type { Rule, Said } from "./rule";

/** The registry, by which clients find the clusters and the active one, changes, or loses an entry. */
export const registryChanged: Rule = (stack, around) =>
  isRemoval(stack, around)
    ? []
    : stack.plan.changes.flatMap((change): Said[] => {
        const entry = change.type === "aws_ssm_parameter" ? entryOf(change, stack) : undefined;
        return entry === undefined ? [] : ends(change) ? [lost(change, entry)] : changed(change, entry);
      });

interface Entry {
  readonly name: string;
  readonly isActive: boolean;
}

function entryOf(change: PlannedChange, { environment }: PlannedStack): Entry | undefined {
  const name = textOf(change, "name");
  const isActive = name === registry.active(environment);
  return name !== undefined && (isActive || name.startsWith(registry.cluster(environment, "")))
    ? { name, isActive }
    : undefined;
}

const lost = (change: PlannedChange, { name, isActive }: Entry): Said => ({
  code: "registry-entry-deleted",
  severity: "danger",
  address: change.address,
  text:
    `${name}, by which clients find ${isActive ? "the active cluster" : "a cluster that stands"}, ${ended(change)}` +
    // Only a promotion moves it, so that Terraform does not know what it says.
    (isActive && isReplaced(change) ? ", and says what the file says afterwards" : ""),
});

/** The text of a parameter is what Terraform takes for a secret. */
const changed = (change: PlannedChange, { isActive }: Entry): Said[] =>
  change.action === "update" && changes(change, "value", "insecure_value")
    ? [
        {
          code: "registry-entry-changed",
          severity: isActive ? "attention" : "note",
          address: change.address,
          text: isActive
            ? "which cluster is active is said by this apply, and not by a promotion"
            : "where clients find the cluster, its authority, its version or its deployer changes in the registry",
        },
      ]
    : [];
