import { Vpc, type VpcProps } from "../../../constructs/network/vpc";
import { inStack, pluck } from "../../support/construct";

const least: VpcProps = {
  name: "example",
  region: "us-east-1",
  cidr: "10.0.0.0/16",
  zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
  domain: "example.internal",
};
const make = (props: Partial<VpcProps> = {}) =>
  inStack((stack) => new Vpc(stack, "vpc", { ...least, ...props }));

const count = (props: Partial<VpcProps> = {}) => {
  const stack = make(props);
  const types = stack.addresses().map((address) => address.split(".")[0] ?? "");
  return Object.fromEntries([...new Set(types)].map((type) => [type, stack.all(type).length]));
};

test("given the least, a network is made of exactly these", () => {
  expect(count()).toEqual({
    aws_cloudwatch_log_group: 1,
    aws_default_security_group: 1,
    aws_eip: 3,
    aws_flow_log: 1,
    aws_iam_role: 1,
    aws_iam_role_policy: 1,
    aws_internet_gateway: 1,
    aws_nat_gateway: 3,
    aws_route: 4,
    aws_route53_zone: 1,
    aws_route_table: 4,
    aws_route_table_association: 6,
    aws_security_group: 1,
    aws_subnet: 6,
    aws_vpc: 1,
    aws_vpc_endpoint: 3,
    aws_vpc_security_group_ingress_rule: 1,
  });
});

test("given a single NAT, there is one address and one gateway, and a route table a zone all the same", () => {
  expect(count({ nat: "single" })).toMatchObject({
    aws_eip: 1,
    aws_nat_gateway: 1,
    aws_route_table: 4,
    aws_route: 4,
  });
});

test("a subnet's place depends on its zone's letter, so that zones can come and be reordered", () => {
  const subnets = (zones: string[]) =>
    Object.fromEntries(
      make({ zones })
        .all("aws_subnet")
        .map((s) => [`${s.cidr_block}`, s.availability_zone]),
    );
  const three = subnets(["us-east-1a", "us-east-1b", "us-east-1c"]);
  expect(subnets(["us-east-1c", "us-east-1a", "us-east-1b"])).toEqual(three);
  expect(subnets(["us-east-1f", "us-east-1c", "us-east-1a", "us-east-1b"])).toMatchObject(three);
  expect(three).toEqual({
    "10.0.0.0/19": "us-east-1a",
    "10.0.32.0/19": "us-east-1b",
    "10.0.64.0/19": "us-east-1c",
    "10.0.224.0/22": "us-east-1a",
    "10.0.228.0/22": "us-east-1b",
    "10.0.232.0/22": "us-east-1c",
  });
});

test("given a single NAT and reordered zones, nothing changes", () => {
  const code = (zones: string[]) => make({ nat: "single", zones }).code.resource;
  expect(code(["us-east-1c", "us-east-1b", "us-east-1a"])).toEqual(
    code(["us-east-1a", "us-east-1b", "us-east-1c"]),
  );
});

test("load balancers find private and public subnets by their tags", () => {
  const tags = pluck(make().all("aws_subnet"), "tags") as Record<string, string>[];
  expect(tags.filter((tag) => tag["kubernetes.io/role/internal-elb"] === "1")).toHaveLength(3);
  expect(tags.filter((tag) => tag["kubernetes.io/role/elb"] === "1")).toHaveLength(3);
});

test("networks that others associate with the private zone stay associated", () => {
  expect(make().only("aws_route53_zone")).toMatchObject({
    vpc: [{ vpc_id: expect.stringContaining("aws_vpc.") }],
    lifecycle: { ignore_changes: ["vpc"] },
  });
});

test("the default security group has no rules", () => {
  const group = make().only("aws_default_security_group");
  expect(group).not.toHaveProperty("ingress");
  expect(group).not.toHaveProperty("egress");
});

test("no subnet gives its instances public addresses", () => {
  expect(pluck(make().all("aws_subnet"), "map_public_ip_on_launch")).not.toContain(true);
});

test("all traffic is logged, and the logs expire", () => {
  const stack = make();
  expect(stack.only("aws_flow_log")).toMatchObject({
    traffic_type: "ALL",
    log_destination_type: "cloud-watch-logs",
  });
  expect(stack.only("aws_cloudwatch_log_group")).toMatchObject({ retention_in_days: 30 });
});

test("S3 and ECR are reached without NAT", () => {
  expect(pluck(make().all("aws_vpc_endpoint"), "service_name").sort()).toEqual([
    "com.amazonaws.us-east-1.ecr.api",
    "com.amazonaws.us-east-1.ecr.dkr",
    "com.amazonaws.us-east-1.s3",
  ]);
});

test.each<[string, Partial<VpcProps>, RegExp]>([
  ["two zones", { zones: ["us-east-1a", "us-east-1b"] }, /three different zones, not us-east-1a, us-east-1b/],
  ["a zone twice", { zones: ["us-east-1a", "us-east-1b", "us-east-1a"] }, /three different zones/],
  ["no CIDR", { cidr: "10.0.0.0" }, /no IPv4 network/],
])("given %s, synth fails", (_, props, message) => {
  expect(() => make(props)).toThrow(message);
});
