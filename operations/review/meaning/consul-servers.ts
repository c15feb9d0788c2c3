import type { Severity } from "../model";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { bothSides, ended, ends } from "./changes";
import { neglected } from "./group-changes";
import { explainedBy, goesBelow, groupOf, mannerOf, refreshes, refreshing, sizeIn, sizeOf } from "./groups";
import type { Rule, Said } from "./rule";

/** Servers of Consul leave or are replaced: without a quorum of them no change of routes reaches anybody. */
export const consulServersChanged: Rule = (stack) =>
  stack.plan.changes
    .filter((change) => change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "consul")
    .flatMap((change): Said[] =>
      ends(change)
        ? [
            {
              code: "consul-server-replaced",
              severity: "danger",
              address: change.address,
              text: `the group of all ${sizeOf(change)} Consul servers ${ended(change)}: the quorum and its data are lost`,
              explains: [{ change }],
            },
          ]
        : change.action === "update"
          ? [...fewer(change), ...neglected(stack, change, "the Consul servers"), ...rolled(stack, change)]
          : [],
    );

/** AWS makes a group as small as its bounds say, whatever the plan says is wanted. */
function fewer(change: PlannedChange): Said[] {
  const [before, after] = bothSides(change, sizeIn);
  if (before === undefined || after === undefined) {
    return [];
  }
  const quorum = Math.floor(before.wanted / 2) + 1;
  const leaving = before.wanted - after.wanted;
  const said = (severity: Severity, text: string): Said[] => [
    {
      ...{ code: "consul-server-removed", severity, address: change.address, text },
      explains: [{ change, attributes: ["min_size", "max_size", "desired_capacity"] }],
    },
  ];
  if (leaving <= 0) {
    return after.least < before.least && after.least < quorum
      ? said(
          "attention",
          `Consul servers may go down to ${after.least}, which is no quorum of ${before.wanted}`,
        )
      : [];
  }
  const leave = `${leaving} of ${before.wanted} Consul servers leave`;
  return after.wanted >= quorum
    ? said(leaving > 1 ? "danger" : "attention", `${leave} the quorum`)
    : said("danger", `${leave}: the quorum ${after.wanted === 0 ? "and its data are" : "is"} lost`);
}

function rolled(stack: PlannedStack, change: PlannedChange): Said[] {
  return refreshes(change)
    ? [
        {
          code: "consul-server-replaced",
          severity: goesBelow(change) ? "danger" : "attention",
          address: change.address,
          text:
            `${sizeOf(change)} of ${sizeOf(change)} Consul servers are replaced, ${mannerOf(change)}` +
            (goesBelow(change) ? ": a quorum may be lost" : ", each a voter before an old one leaves"),
          explains: explainedBy(stack, change, refreshing(change)),
        },
      ]
    : [];
}
