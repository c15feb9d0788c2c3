import { isObject } from "../../../environment/json-object";
import { childOf, UNKNOWN, type Masked } from "../masked";
import type { PlannedChange } from "../plan";
import { blocksIn, changes, said, textOf } from "./changes";
import type { Rule, Said } from "./rule";

const RULE_TYPES = ["aws_vpc_security_group_ingress_rule", "aws_security_group_rule"];
const GROUP_TYPES = ["aws_security_group", "aws_default_security_group"];

/** Whom a rule lets in, in each of the ways to write one. */
const PEERS = [
  ...["cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_id", "prefix_list_ids"],
  ...["referenced_security_group_id", "source_security_group_id", "security_groups"],
];
const PLACES = ["ip_protocol", "protocol", "from_port", "to_port", "type", "security_group_id"];

/** A security group that stands lets in more, or others. A group that the plan makes lets in what it is made for. */
export const ingressOpened: Rule = (stack) =>
  stack.plan.changes.flatMap((change): Said[] => {
    const { type, action, after } = change;
    if (RULE_TYPES.includes(type) && childOf(after, "type") !== "egress") {
      const isNew = action === "create" && childOf(after, "security_group_id") !== UNKNOWN;
      return isNew ||
        (change.attributes.length > 0 && action !== "create" && changes(change, ...PEERS, "self", ...PLACES))
        ? [opened(change, lets(after), action === "create" ? undefined : lets(change.before))]
        : [];
    }
    if (GROUP_TYPES.includes(type) && action === "update" && changes(change, "ingress")) {
      const before = new Set(blocksIn(change.before, "ingress").map(lets));
      const added = blocksIn(after, "ingress")
        .map(lets)
        .filter((one) => !before.has(one));
      return [...new Set(added)].map((one) => opened(change, one, undefined));
    }
    return [];
  });

function opened(change: PlannedChange, now: string, before: string | undefined): Said {
  const why = textOf(change, "description");
  return {
    code: "ingress-opened",
    severity: "attention",
    address: change.address,
    text:
      `a security group lets in ${now}` +
      (before === undefined ? ", which it did not" : ` instead of ${before}`) +
      (why === undefined || why === "" ? "" : ` (${why})`),
    // A whole group may change in more than that.
    explains: [RULE_TYPES.includes(change.type) ? { change } : { change, attributes: ["ingress"] }],
  };
}

/** `10.0.0.0/8 at tcp 443`. */
function lets(rule: Masked): string {
  const of = (...names: readonly string[]) =>
    names
      .map((name) => childOf(rule, name) as Masked | undefined)
      .filter(
        (value) => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0),
      );
  const who = [
    ...of(...PEERS).map((value) => (Array.isArray(value) ? value.map(said).join(", ") : said(value))),
    ...(childOf(rule, "self") === true ? ["itself"] : []),
  ];
  const [protocol] = of("ip_protocol", "protocol");
  const [from] = of("from_port");
  const [to] = of("to_port");
  const ports = from === undefined ? "" : ` ${from === to ? said(from) : `${said(from)} to ${said(to)}`}`;
  return `${who.join(", ") || "nobody"} at ${String(protocol) === "-1" || !isObject(rule) ? "all ports" : said(protocol) + ports}`;
}
