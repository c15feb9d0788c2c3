import { ends, ended } from "./changes";
import { goesBelow, groupOf, mannerOf, refreshes, sizeOf } from "./groups";
import type { Rule } from "./rule";

/** The gateways are replaced: each call from outside of a cluster goes through one of them. */
export const gatewaysRolled: Rule = (stack) =>
  stack.plan.changes
    .filter(
      (change) => change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "gateways",
    )
    .flatMap((change) =>
      ends(change)
        ? [
            {
              code: "gateways-lost",
              severity: "danger" as const,
              address: change.address,
              text: `the group of all ${sizeOf(change)} gateways ${ended(change)}: no call by name is answered meanwhile`,
            },
          ]
        : refreshes(change)
          ? [
              {
                code: "gateways-rolled",
                severity: goesBelow(change) ? ("danger" as const) : ("attention" as const),
                address: change.address,
                text: `all ${sizeOf(change)} gateways are replaced, ${mannerOf(change)}`,
              },
            ]
          : [],
    );
