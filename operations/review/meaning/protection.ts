import { childOf } from "../masked";
import { clusterOf, type Rule } from "./rule";

/** Attributes that keep AWS from deleting a thing, and the value with which they do. */
const PROTECTIONS: ReadonlyMap<string, boolean> = new Map([
  ["enable_deletion_protection", true],
  ["deletion_protection", true],
  ["deletion_protection_enabled", true],
  ["disable_api_termination", true],
  // A bucket that holds something can be destroyed with it alone.
  ["force_destroy", false],
]);

/** What kept a thing from being deleted is lifted, as it is of a cluster that retires. */
export const protectionLifted: Rule = (stack, around) => {
  const isRetiring = clusterOf(stack, around)?.after?.role === "retiring";
  return stack.plan.changes.flatMap((change) =>
    [...PROTECTIONS]
      .filter(
        ([attribute, on]) =>
          childOf(change.before, attribute) === on && childOf(change.after, attribute) === !on,
      )
      .map(([attribute]) => ({
        code: "protection-lifted",
        severity: isRetiring ? ("note" as const) : ("attention" as const),
        address: change.address,
        text: `${attribute}: what kept this from being deleted is lifted${isRetiring ? ", as the cluster retires" : ""}`,
      })),
  );
};
