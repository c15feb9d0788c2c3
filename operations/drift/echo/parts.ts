import { objectOf } from "../../../environment/json-object";
import { listOf, textOf, type Values } from "../state-resources";

/** One thing that an attribute lists: a rule, a route, a policy. */
export interface Part {
  /** Equal for equal parts, however they were written. */
  readonly key: string;
  /** For people. */
  readonly shown: string;
}

/**
 * An attribute that lists what other resources of Terraform are, each one. Terraform reads it back with the resource
 * that it belongs to, although the code does not set it there.
 */
export interface ListedParts {
  readonly type: string;
  readonly attribute: string;
  /** Parts of the attribute's value. */
  readonly listed: (value: unknown, owner: Values) => readonly Part[];
  /** Type of the resource that is one such part. */
  readonly partType: string;
  /** Whether a resource of that type is of this owner. */
  readonly isOf: (part: Values, owner: Values) => boolean;
  readonly part: (values: Values) => readonly Part[];
}

const same = (shown: string): Part => ({ key: shown, shown });

/** `tcp 443`, `tcp 5041-5044`, `everything` */
function portsOf(protocol: unknown, from: unknown, to: unknown): string {
  if (protocol === "-1" || protocol === "all") {
    return "everything";
  }
  const ports = from === to ? `${String(from)}` : `${String(from)}-${String(to)}`;
  return `${String(protocol)} ${ports}`;
}

/** A security group lists rules of equal ports as one, with all of their networks and groups. */
function rulesOf(value: unknown, owner: Values): Part[] {
  return listOf(value).flatMap((item) => {
    const rule = objectOf(item);
    const others = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"]
      .flatMap((name) => listOf(rule[name]))
      .map(textOf);
    const self = rule.self === true ? [textOf(owner.id)] : [];
    const ports = portsOf(rule.protocol, rule.from_port, rule.to_port);
    return [...others, ...self].map((other) => same(`${ports}, ${other}`));
  });
}

function ruleOf(rule: Values): Part[] {
  const other = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"]
    .map((name) => textOf(rule[name]))
    .find((text) => text !== "");
  return [same(`${portsOf(rule.ip_protocol, rule.from_port, rule.to_port)}, ${other}`)];
}

const securityRules = (attribute: "ingress" | "egress"): ListedParts => ({
  type: "aws_security_group",
  attribute,
  listed: rulesOf,
  partType: `aws_vpc_security_group_${attribute}_rule`,
  isOf: (rule, group) => rule.security_group_id === group.id,
  part: ruleOf,
});

const ROUTE_TARGETS = [
  ...["carrier_gateway_id", "core_network_arn", "egress_only_gateway_id", "gateway_id", "local_gateway_id"],
  ...["nat_gateway_id", "network_interface_id", "transit_gateway_id", "vpc_endpoint_id"],
  "vpc_peering_connection_id",
];

/** @param destinations names of the attributes that may hold it */
function routeOf(route: Values, destinations: readonly string[]): Part {
  const [first] = destinations.map((name) => textOf(route[name])).filter((text) => text !== "");
  const targets = ROUTE_TARGETS.map((name) => textOf(route[name])).filter((text) => text !== "");
  return same(`${first} by ${targets.join(" and ")}`);
}

const routes: ListedParts = {
  type: "aws_route_table",
  attribute: "route",
  listed: (value) =>
    listOf(value).map((route) =>
      routeOf(objectOf(route), ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"]),
    ),
  partType: "aws_route",
  isOf: (route, table) => route.route_table_id === table.id,
  part: (route) => [
    routeOf(route, [
      ...["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"],
    ]),
  ],
};

const isOfRole = (part: Values, role: Values) => part.role === role.name;

const inlinePolicies: ListedParts = {
  type: "aws_iam_role",
  attribute: "inline_policy",
  listed: (value) => listOf(value).map((item) => policyOf(objectOf(item))),
  partType: "aws_iam_role_policy",
  isOf: isOfRole,
  part: (policy) => [policyOf(policy)],
};

/** The document is compared, and its name is shown: it may be long. */
function policyOf({ name, policy }: Values): Part {
  return { key: `${textOf(name)} ${sortedJson(textOf(policy))}`, shown: `policy ${textOf(name)}` };
}

const managedPolicies: ListedParts = {
  type: "aws_iam_role",
  attribute: "managed_policy_arns",
  listed: (value) => listOf(value).map((arn) => same(textOf(arn))),
  partType: "aws_iam_role_policy_attachment",
  isOf: isOfRole,
  part: ({ policy_arn }) => [same(textOf(policy_arn))],
};

export const LISTED_PARTS: readonly ListedParts[] = [
  securityRules("ingress"),
  securityRules("egress"),
  routes,
  inlinePolicies,
  managedPolicies,
];

/** A JSON document in one form; text that is none as it is. */
function sortedJson(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}
