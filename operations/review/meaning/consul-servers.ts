import { bothSides, ends, ended, numberIn } from "./changes";
import { goesBelow, groupOf, mannerOf, refreshes, sizeOf } from "./groups";
import type { Rule, Said } from "./rule";

/** Servers of Consul are replaced: without a quorum of them no change of routes reaches anybody. */
export const consulServersReplaced: Rule = (stack) =>
  stack.plan.changes
    .filter((change) => change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "consul")
    .flatMap((change): Said[] => {
      const { address } = change;
      const code = "consul-server-replaced";
      if (ends(change)) {
        const text = `the group of all ${sizeOf(change)} Consul servers ${ended(change)}: the quorum and its data are lost`;
        return [{ code, severity: "danger", address, text }];
      }
      const [before, after] = bothSides(change, (side) => numberIn(side, "desired_capacity"));
      const fewer: Said[] =
        change.action === "update" && before !== undefined && after !== undefined && after < before
          ? [
              {
                code: "consul-server-removed",
                severity: before - after > 1 ? "danger" : "attention",
                address,
                text: `${before - after} of ${before} Consul servers leave the quorum`,
              },
            ]
          : [];
      return refreshes(change)
        ? [
            ...fewer,
            {
              code,
              severity: goesBelow(change) ? "danger" : "attention",
              address,
              text:
                `${sizeOf(change)} of ${sizeOf(change)} Consul servers are replaced, ${mannerOf(change)}` +
                (goesBelow(change) ? ": a quorum may be lost" : ", each a voter before an old one leaves"),
            },
          ]
        : fewer;
    });
