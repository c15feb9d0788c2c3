import type { PlannedChange } from "../plan";
import { clusterOf, type Rule, type Said } from "./rule";
import { isStore } from "./stored-state";
import { carries } from "./touched";

/** What changes in the state alone: adopted, renamed, let go. */
export const bookkeeping: Rule = ({ plan }) =>
  plan.changes.flatMap((change): Said[] => [
    ...(change.isImported
      ? [
          {
            code: "imported",
            severity: "attention" as const,
            address: change.address,
            text: "it exists already, and is taken over",
          },
        ]
      : []),
    ...(change.movedFrom !== null
      ? [
          {
            code: "moved",
            severity: "note" as const,
            address: change.address,
            text: `it was called ${change.movedFrom} in the code`,
          },
        ]
      : []),
    ...(change.action === "forget"
      ? [
          {
            code: "forgotten",
            severity: "attention" as const,
            address: change.address,
            text: "it goes on existing and costing, and no state knows it any more",
          },
        ]
      : []),
    ...leftOver(change),
  ]);

/** What an apply made anew and could not take away. Data that goes with it is told of by a rule of its own. */
const leftOver = (change: PlannedChange): Said[] =>
  change.isDeposed && change.action === "delete" && carries(change.type) && !isStore(change)
    ? [
        {
          code: "left-over",
          severity: "attention",
          address: change.address,
          text: "left over from an earlier apply, and deleted by this one: nothing may go through it any more",
        },
      ]
    : [];

/** A plan that is not all, or that does more than change resources. */
export const wholePlan: Rule = (stack, around) => [
  ...(stack.plan.isPartial
    ? [
        {
          code: "partial-plan",
          severity: "attention" as const,
          address: null,
          text: "this is a part of what would change: Terraform has put off the rest, or was told to look at named resources alone",
        },
      ]
    : []),
  ...[...stack.plan.providerActions].sort().map((address) => ({
    code: "provider-action",
    severity: "danger" as const,
    address,
    text: "an apply has the provider act, beside all changes of resources",
  })),
  ...(stack.kind === "cluster" &&
  stack.plan.changes.length > 0 &&
  clusterOf(stack, around)?.before?.role === null
    ? [
        {
          code: "role-unknown",
          severity: "attention" as const,
          address: null,
          text: `its state does not say which role ${stack.cluster} has`,
        },
      ]
    : []),
];
