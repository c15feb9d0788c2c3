import { counted, listed } from "../../words";
import { ends, isReplaced, textOf } from "./changes";
import type { Rule } from "./rule";

interface Part {
  readonly severity: "danger" | "attention";
  readonly one: string;
  readonly many: string;
  /** What goes with it. */
  readonly with?: string;
}

const part = (severity: Part["severity"], one: string, many: string, goesWith?: string): Part => ({
  ...{ severity, one, many },
  ...(goesWith === undefined ? {} : { with: goesWith }),
});

const PARTS: ReadonlyMap<string, Part> = new Map([
  ["aws_vpc", part("danger", "network", "networks", "all that is in it")],
  ["aws_subnet", part("danger", "subnet", "subnets", "all instances in it")],
  ["aws_route53_zone", part("danger", "private zone", "private zones", "all names in it")],
  ["aws_internet_gateway", part("danger", "way to the internet", "ways to the internet")],
  ["aws_nat_gateway", part("danger", "NAT gateway", "NAT gateways", "the way of instances to the internet")],
  ["aws_eip", part("attention", "address that others may know", "addresses that others may know")],
  ["aws_route_table", part("danger", "table of routes", "tables of routes")],
  ["aws_route", part("danger", "route", "routes")],
  ["aws_route_table_association", part("danger", "subnet's table of routes", "subnets' tables of routes")],
  ["aws_vpc_endpoint", part("attention", "private way to an AWS API", "private ways to AWS APIs")],
  ["aws_vpc_peering_connection", part("danger", "way to another network", "ways to other networks")],
  [
    "aws_ec2_transit_gateway_vpc_attachment",
    part("danger", "way to other networks", "ways to other networks"),
  ],
]);

/** A part of the network that everything stands on is replaced or goes: one line for each kind of part. */
export const networkReplaced: Rule = ({ plan }) =>
  [...PARTS].flatMap(([type, { severity, one, many, with: goesWith }]) => {
    const gone = plan.changes.filter((change) => change.type === type && ends(change));
    const [first] = gone;
    if (first === undefined) {
      return [];
    }
    const replaced = gone.filter(isReplaced).length;
    const networks = gone.flatMap((change) => textOf(change, "cidr_block") ?? []).sort();
    return [
      {
        code: "network-replaced",
        severity,
        address: gone.length === 1 ? first.address : null,
        text:
          `${counted(gone.length, one, many)} ${gone.length === 1 ? "is" : "are"} ` +
          (replaced === gone.length
            ? "replaced"
            : replaced === 0
              ? "deleted"
              : `deleted, or replaced (${replaced} of them)`) +
          (goesWith === undefined ? "" : `, and with it ${goesWith}`) +
          (networks.length === 0 ? "" : `: ${listed(networks)}`),
        explains: gone.map((change) => ({ change })),
      },
    ];
  });
