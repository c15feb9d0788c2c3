import { ForwardRules } from "../../../constructs/network/endpoint-dns/forward-rules";
import {
  PrivateEndpointDns,
  type PrivateEndpointDnsProps,
} from "../../../constructs/network/endpoint-dns/private-endpoint-dns";
import { inStack, pluck } from "../../support/construct";

const office = {
  name: "office",
  vpc: "vpc-0a1b2c3d",
  cidr: "10.90.0.0/16",
  subnets: ["subnet-0a", "subnet-0b"],
};
const mesos = {
  name: "mesos",
  vpc: "vpc-1a1b2c3d",
  cidr: "10.91.0.0/16",
  subnets: ["subnet-1a", "subnet-1b"],
};
const least: PrivateEndpointDnsProps = {
  name: "example",
  network: {
    vpcId: "vpc-ffffffff",
    cidr: "10.0.0.0/16",
    privateSubnetIds: ["subnet-a", "subnet-b", "subnet-c"],
    publicSubnetIds: [],
    privateZoneId: "Z1",
  },
  domain: "example.internal",
  clients: [office],
};
const make = (props: Partial<PrivateEndpointDnsProps> = {}) =>
  inStack((stack) => new PrivateEndpointDns(stack, "dns", { ...least, ...props }));

test("given one client network, the private names of the environment resolve there, and this is all that is made", () => {
  const stack = make();

  expect(stack.addresses().map((address) => address.split(".")[0])).toEqual([
    "aws_route53_resolver_endpoint",
    "aws_route53_resolver_endpoint",
    "aws_route53_resolver_rule",
    "aws_route53_resolver_rule_association",
    "aws_security_group",
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_ingress_rule",
  ]);
  const [inbound, outbound] = stack.all("aws_route53_resolver_endpoint");
  expect(inbound).toEqual({
    direction: "INBOUND",
    ip_address: [{ subnet_id: "subnet-a" }, { subnet_id: "subnet-b" }, { subnet_id: "subnet-c" }],
    name: "example-dns-inbound",
    protocols: ["Do53"],
    resolver_endpoint_type: "IPV4",
    security_group_ids: ["${aws_security_group.dns_inbound_security-group_DF91E0D6.id}"],
    tags: { Name: "example-dns-inbound" },
  });
  expect(outbound).toMatchObject({
    direction: "OUTBOUND",
    ip_address: [{ subnet_id: "subnet-0a" }, { subnet_id: "subnet-0b" }],
  });
  const [rule] = stack.all("aws_route53_resolver_rule");
  expect(rule).toMatchObject({ domain_name: "example.internal", rule_type: "FORWARD" });
  expect(rule?.target_ip).toEqual(
    [0, 1, 2].map((i) => ({
      ip: `\${tolist(aws_route53_resolver_endpoint.dns_inbound_endpoint_00C9C041.ip_address)[${i}].ip}`,
    })),
  );
  expect(pluck(stack.all("aws_route53_resolver_rule_association"), "vpc_id")).toEqual(["vpc-0a1b2c3d"]);
});

test("the inbound endpoint hears DNS from exactly the clients' networks, an outbound one asks the VPC alone", () => {
  const stack = make({ clients: [office, mesos] });
  const rules = (type: string) =>
    stack
      .all(type)
      .map(
        (rule) =>
          `${String(rule.cidr_ipv4)} ${String(rule.ip_protocol)} ${String(rule.from_port)}-${String(rule.to_port)}`,
      );

  expect(rules("aws_vpc_security_group_ingress_rule")).toEqual([
    "10.91.0.0/16 tcp 53-53",
    "10.91.0.0/16 udp 53-53",
    "10.90.0.0/16 tcp 53-53",
    "10.90.0.0/16 udp 53-53",
  ]);
  expect(new Set(rules("aws_vpc_security_group_egress_rule"))).toEqual(
    new Set(["10.0.0.0/16 tcp 53-53", "10.0.0.0/16 udp 53-53"]),
  );
});

test("rules are shared with the named accounts, and nothing is shared without any", () => {
  const shared = make({ clients: [office, mesos], shareWith: ["222222222222", "333333333333"] });

  expect(shared.all("aws_ram_resource_association")).toHaveLength(2);
  expect(new Set(pluck(shared.all("aws_ram_principal_association"), "principal"))).toEqual(
    new Set(["222222222222", "333333333333"]),
  );
  expect(make().all("aws_ram_resource_share")).toEqual([]);
});

test("a cluster forwards its endpoint's name alone", () => {
  const stack = inStack((stack) => {
    const dns = {
      inboundAddresses: ["10.0.0.10", "10.0.32.10"],
      clients: [{ name: "office", vpc: "vpc-0a1b2c3d", outboundEndpointId: "rslvr-out-1" }],
      shareWith: [],
    };
    new ForwardRules(stack, "rules", { name: "example-alpha", domain: "api.alpha.example.internal", dns });
  });

  expect(stack.all("aws_route53_resolver_rule")).toEqual([
    {
      domain_name: "api.alpha.example.internal",
      name: "example-alpha-office",
      resolver_endpoint_id: "rslvr-out-1",
      rule_type: "FORWARD",
      tags: { Name: "example-alpha-office" },
      target_ip: [{ ip: "10.0.0.10" }, { ip: "10.0.32.10" }],
    },
  ]);
});

test.each([
  ["no client", { clients: [] }, "at least one client network"],
  ["a client in one zone", { clients: [{ ...office, subnets: ["subnet-0a"] }] }, "at least two zones"],
])("%s is an error", (_, props, message) => {
  expect(() => make(props)).toThrow(message);
});
