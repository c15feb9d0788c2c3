import { blocks, items, type Check, type Values } from "./resource";

/** A security group lets in all addresses. */
export const openIngress: Check = ({ type, values }) =>
  rulesOf(type, values).flatMap((rule) =>
    NETWORKS.flatMap((name) => items(rule[name]))
      .filter(isOpen)
      .map((network) => ({
        wrong: `lets in ${String(network)}${ports(rule)}`,
        right: "name the networks or the security groups that need it",
      })),
  );

/** Where rules of ingress are, in each of the three ways to write them. */
function rulesOf(type: string, values: Values): Values[] {
  switch (type) {
    case "aws_vpc_security_group_ingress_rule":
      return [values];
    case "aws_security_group_rule":
      return values.type === "ingress" ? [values] : [];
    case "aws_security_group":
    case "aws_default_security_group":
      return blocks(values, "ingress");
    default:
      return [];
  }
}

const NETWORKS = ["cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"];

/** Two networks of /1 are all addresses as well, and no network of an organization is as large as these. */
const isOpen = (network: unknown): boolean => {
  const [, address, prefix] = /^([\da-fA-F:.]+)\/(\d+)$/.exec(String(network).trim()) ?? [];
  return address !== undefined && Number(prefix) < (address.includes(":") ? 16 : 8);
};

function ports({ ip_protocol, protocol, from_port: from, to_port: to }: Values): string {
  const all = String(ip_protocol ?? protocol) === "-1" || from === undefined || from === null;
  return all
    ? " on all ports"
    : from === to
      ? ` on port ${String(from)}`
      : ` on ports ${String(from)} to ${String(to)}`;
}
