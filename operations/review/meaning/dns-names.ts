import { activeApiHost, gatewayHost } from "../../../environment/naming";
import { childOf, type Masked } from "../masked";
import type { PlannedChange } from "../plan";
import { changes, ended, ends, said, textIn } from "./changes";
import { isRemoval } from "./cluster-removal";
import type { Rule, Said } from "./rule";

/** What a name is for, by how it begins. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${gatewayHost("")}`), "the gateways"],
  [new RegExp(`^${activeApiHost("")}`), "the API of a cluster"],
  [/^etcd-\d+\./, "a member of etcd"],
];

/** A name that people and programs know goes to another place, or goes. */
export const namesChanged: Rule = (stack, around) =>
  isRemoval(stack, around)
    ? []
    : stack.plan.changes.flatMap((change): Said[] => {
        switch (change.type) {
          case "aws_route53_record":
            return record(change);
          case "aws_route53_resolver_rule":
          case "aws_route53_resolver_rule_association":
          case "aws_route53_resolver_endpoint":
            return resolver(change);
          default:
            return [];
        }
      });

function record(change: PlannedChange): Said[] {
  const name = textIn(change.before, "name");
  const [, what] = KINDS.find(([shape]) => name !== undefined && shape.test(name)) ?? [];
  const isMoved =
    change.action === "update" &&
    changes(change, "name", "type", "records", "alias", "set_identifier", "zone_id");
  if (name === undefined || what === undefined || !(ends(change) || isMoved)) {
    return [];
  }
  const now = textIn(change.after, "name");
  return [
    {
      code: "name-changed",
      severity: ends(change) ? "danger" : "attention",
      address: change.address,
      text:
        `the name ${name}, of ${what}, ` +
        (change.action === "delete"
          ? "is deleted"
          : now !== undefined && now !== name
            ? `becomes ${now}`
            : `goes from ${targets(change.before)} to ${targets(change.after)}`),
      explains: [{ change }],
    },
  ];
}

function resolver(change: PlannedChange): Said[] {
  return ends(change)
    ? [
        {
          code: "name-resolution-changed",
          severity: "attention",
          address: change.address,
          text: `networks outside resolve private names by what ${ended(change)}: ${textIn(change.before, "name") ?? change.address}`,
          explains: [{ change }],
        },
      ]
    : [];
}

function targets(side: Masked): string {
  const alias = childOf(side, "alias");
  const target =
    Array.isArray(alias) && alias.length > 0 ? childOf(alias[0], "name") : childOf(side, "records");
  return Array.isArray(target)
    ? target.map((one: Masked) => said(one)).join(", ") || "nothing"
    : said(target as Masked);
}
