import { childOf, UNKNOWN } from "../masked";
import type { PlannedChange } from "../plan";
import type { RuleForTheRest } from "./rule";
import { reachingTraffic, touched } from "./touched";

/** What changes the way of traffic or names as soon as it is made, and of what it is a part. */
const ADDED: ReadonlyMap<string, string> = new Map([
  ["aws_network_acl", "vpc_id"],
  ["aws_network_acl_rule", "network_acl_id"],
  ["aws_network_acl_association", "subnet_id"],
  ["aws_default_network_acl", "default_network_acl_id"],
  ["aws_route", "route_table_id"],
  ["aws_route_table_association", "subnet_id"],
  ["aws_main_route_table_association", "vpc_id"],
  ["aws_default_route_table", "default_route_table_id"],
  ["aws_vpc_dhcp_options_association", "vpc_id"],
  ["aws_vpc_endpoint", "vpc_id"],
  ["aws_vpc_endpoint_route_table_association", "route_table_id"],
  ["aws_route53_resolver_rule_association", "vpc_id"],
  ["aws_route53_resolver_firewall_rule_group_association", "vpc_id"],
]);

/** Roles of the network stack write flow logs, and no traffic waits for one. */
const ROLES = /^aws_iam_role/;

/** All traffic and all names go through the network: what changes there, and no other rule tells. */
export const networkTouched: RuleForTheRest = (stack, _, explained) => {
  if (stack.kind !== "network") {
    return [];
  }
  const reached = new Set(reachingTraffic(stack.plan.changes, explained));
  return touched(
    "network-touched",
    stack.plan.changes.filter(
      (change) => (reached.has(change) && !ROLES.test(change.type)) || isAddedToWhatStands(change),
    ),
    (changes) => `traffic and names of the whole environment go through what changes here: ${changes}`,
  );
};

/** What is made together with what it is a part of changes nothing for anybody. */
function isAddedToWhatStands({ type, action, after }: PlannedChange): boolean {
  const attribute = ADDED.get(type);
  return attribute !== undefined && action === "create" && childOf(after, attribute) !== UNKNOWN;
}
