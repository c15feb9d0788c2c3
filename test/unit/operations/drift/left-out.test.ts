import { judgeDrift } from "../../../../operations/drift/left-out";
import { stateResources } from "../../../../operations/drift/state-resources";
import { readPlan } from "../../../../operations/review/plan";

type Values = Readonly<Record<string, unknown>>;

interface Drifted {
  readonly address: string;
  readonly before: Values | null;
  readonly after: Values | null;
  readonly sensitive?: unknown;
}

/** A refresh-only plan with these changes, and these resources in its state. */
const planOf = (drift: readonly Drifted[], resources: Readonly<Record<string, Values>> = {}) =>
  JSON.stringify({
    format_version: "1.2",
    planned_values: {},
    resource_drift: drift.map(({ address, before, after, sensitive = {} }) => ({
      ...{ address, type: address.split(".")[0], mode: "managed" },
      change: {
        ...{ actions: [after === null ? "delete" : "update"], before, after, after_unknown: {} },
        ...{ before_sensitive: sensitive, after_sensitive: sensitive },
      },
    })),
    prior_state: {
      values: {
        root_module: {
          resources: Object.entries(resources).map(([address, values]) => ({
            ...{ address, mode: "managed", type: address.split(".")[0], values, sensitive_values: {} },
          })),
        },
      },
    },
  });

function judge(
  drift: readonly Drifted[],
  resources: Readonly<Record<string, Values>> = {},
  code: unknown = {},
) {
  const text = planOf(drift, resources);
  const { changed, leftOut } = judgeDrift(readPlan(text, "test").drift, code, stateResources(text, "test"));
  return {
    told: changed.map(({ address, change, attributes }) => [
      address,
      ...(change === "gone"
        ? ["gone"]
        : attributes.map(({ path, after }) => `${path} ${JSON.stringify(after)}`)),
    ]),
    leftOut: leftOut.map(({ address, attribute }) => `${address} ${attribute}`),
    reasons: leftOut.map(({ reason }) => reason),
    changed,
  };
}

const change = (address: string, before: Values, after: Values): Drifted => ({ address, before, after });
const value = (json: unknown) => JSON.stringify({ kind: "value", json: JSON.stringify(json) });

test("an attribute that was changed is told with before and after, and a resource that is gone as gone", () => {
  const { changed } = judge([
    change("aws_vpc.main", { id: "vpc-1", tags: {} }, { id: "vpc-1", tags: { owner: "bob" } }),
    { address: "aws_route.a", before: { id: "r-1" }, after: null },
  ]);
  expect(changed).toEqual([
    {
      ...{ address: "aws_vpc.main", type: "aws_vpc", change: "changed" },
      attributes: [
        { path: "tags.owner", before: { kind: "absent" }, after: { kind: "value", json: '"bob"' } },
      ],
    },
    { address: "aws_route.a", type: "aws_route", change: "gone", attributes: [] },
  ]);
});

test("what is sensitive is told as changed, without a value", () => {
  const address = "aws_ssm_parameter.a";
  const sensitive = { value: true };
  const text = JSON.stringify(
    judge([{ address, before: { value: "s3cret" }, after: { value: "other" }, sensitive }]),
  );
  expect(text).toContain('"path":"value"');
  expect(text).not.toMatch(/s3cret|other/);
});

test("absent against empty is left out at any depth, and nothing else of the resource", () => {
  const before = { tags: null, description: "", refresh: [{ percent: null, warmup: "60" }] };
  const after = { tags: {}, description: null, refresh: [{ percent: [], warmup: "61" }] };
  const { told, leftOut } = judge([change("aws_autoscaling_group.a", before, after)]);
  expect(told).toEqual([["aws_autoscaling_group.a", `refresh[0].warmup ${value("61")}`]]);
  expect(leftOut.sort()).toEqual(
    ["description", "refresh", "tags"].map((name) => `aws_autoscaling_group.a ${name}`),
  );
});

test("false is not empty, nor is 0", () => {
  const { told } = judge([
    change("aws_ebs_volume.a", { encrypted: null, size: null }, { encrypted: false, size: 0 }),
  ]);
  expect(told[0]).toHaveLength(3);
});

test("tags_all is left out where tags say it, and told where they do not: a default tag that somebody has removed", () => {
  const before = { tags: {}, tags_all: { "skyline:stack": "a" } };
  const after = { tags: { owner: "bob" }, tags_all: { owner: "bob" } };
  expect(judge([change("aws_vpc.a", before, after)]).told).toEqual([
    ["aws_vpc.a", `tags.owner ${value("bob")}`, `tags_all["skyline:stack"] {"kind":"absent"}`],
  ]);
});

test("what the code leaves to others is left out, with what is in it, and nothing of a like name", () => {
  const code = {
    resource: {
      aws_eks_node_group: { a: { lifecycle: { ignore_changes: ["scaling_config[0].desired_size"] } } },
    },
  };
  const sizes = (desired_size: number, max_size: number) => ({
    scaling_config: [{ desired_size, max_size }],
  });
  const { told, reasons } = judge([change("aws_eks_node_group.a", sizes(3, 9), sizes(5, 12))], {}, code);
  expect(told).toEqual([["aws_eks_node_group.a", `scaling_config[0].max_size ${value(12)}`]]);
  expect(reasons).toEqual(["the code leaves it to others (ignore_changes)"]);
  const value9 = { resource: { aws_ssm_parameter: { a: { lifecycle: { ignore_changes: ["value"] } } } } };
  expect(
    judge([change("aws_ssm_parameter.a", { values: "1" }, { values: "2" })], {}, value9).told,
  ).toHaveLength(1);
  const all = { resource: { aws_vpc: { a: { lifecycle: { ignore_changes: "all" } } } } };
  expect(judge([change("aws_vpc.a", { x: "1" }, { x: "2" })], {}, all).told).toEqual([]);
});

describe("a security group's rules", () => {
  const rule = (more: object) => ({
    ...{ cidr_blocks: [], ipv6_cidr_blocks: [], prefix_list_ids: [], security_groups: [], self: false },
    ...{ protocol: "tcp", from_port: 443, to_port: 443, description: "API" },
    ...more,
  });
  const group = (...ingress: object[]) => ({ id: "sg-1", ingress });
  const own = (more: Values) => ({
    ...{ security_group_id: "sg-1", ip_protocol: "tcp", from_port: 443, to_port: 443 },
    ...{ cidr_ipv4: null, cidr_ipv6: "", prefix_list_id: null, referenced_security_group_id: null },
    ...more,
  });
  const resources = {
    "aws_vpc_security_group_ingress_rule.a": own({ cidr_ipv4: "10.0.0.0/16" }),
    "aws_vpc_security_group_ingress_rule.b": own({ cidr_ipv4: "10.90.0.0/16" }),
    "aws_vpc_security_group_ingress_rule.c": own({ referenced_security_group_id: "sg-1" }),
    "aws_vpc_security_group_ingress_rule.d": own({
      ip_protocol: "-1",
      from_port: null,
      to_port: null,
      cidr_ipv6: "::/0",
    }),
  };
  const all = [
    rule({ cidr_blocks: ["10.0.0.0/16", "10.90.0.0/16"], self: true }),
    rule({ ipv6_cidr_blocks: ["::/0"], protocol: "-1", from_port: 0, to_port: 0 }),
  ];

  test("are left out when each is a resource of its own, in whatever way AWS joins them", () => {
    const { told, leftOut } = judge([change("aws_security_group.a", group(), group(...all))], resources);
    expect(told).toEqual([]);
    expect(leftOut).toEqual(["aws_security_group.a ingress"]);
  });

  test.each([
    ["another network", rule({ cidr_blocks: ["10.0.0.0/16", "0.0.0.0/0"] }), "tcp 443, 0.0.0.0/0"],
    [
      "another port",
      rule({ cidr_blocks: ["10.0.0.0/16"], from_port: 22, to_port: 22 }),
      "tcp 22, 10.0.0.0/16",
    ],
    ["more ports", rule({ cidr_blocks: ["10.0.0.0/16"], to_port: 444 }), "tcp 443-444, 10.0.0.0/16"],
    ["another protocol", rule({ cidr_blocks: ["10.0.0.0/16"], protocol: "udp" }), "udp 443, 10.0.0.0/16"],
    ["another group", rule({ security_groups: ["sg-2"] }), "tcp 443, sg-2"],
    ["a list of networks", rule({ prefix_list_ids: ["pl-1"] }), "tcp 443, pl-1"],
  ])("that nobody here has made are told: %s", (_, stranger, shown) => {
    const { told } = judge([change("aws_security_group.a", group(), group(...all, stranger))], resources);
    expect(told).toEqual([["aws_security_group.a", `ingress ${value(shown)}`]]);
  });

  test("of another group are none of this one's", () => {
    const other = {
      "aws_vpc_security_group_ingress_rule.a": own({ security_group_id: "sg-2", cidr_ipv4: "10.0.0.0/16" }),
    };
    const open = group(rule({ cidr_blocks: ["10.0.0.0/16"] }));
    expect(judge([change("aws_security_group.a", group(), open)], other).told).toHaveLength(1);
  });

  test("that the code sets in the group itself are compared as they are", () => {
    const code = { resource: { aws_security_group: { a: { ingress: [] } } } };
    const { told } = judge([change("aws_security_group.a", group(), group(...all))], resources, code);
    expect(told[0]?.length).toBeGreaterThan(1);
  });
});

test("routes and policies are left out when each is a resource of its own, and told when not", () => {
  const document = (action: string) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Action: action }] });
  const role = (policies: object[], managed: string[]) => ({
    ...{ id: "r", name: "r", inline_policy: policies, managed_policy_arns: managed },
  });
  const drift = [
    change(
      "aws_route_table.a",
      { id: "rtb-1", route: [] },
      {
        id: "rtb-1",
        route: [
          { cidr_block: "0.0.0.0/0", ipv6_cidr_block: "", gateway_id: "igw-1", nat_gateway_id: "" },
          {
            cidr_block: "10.1.0.0/16",
            ipv6_cidr_block: "",
            gateway_id: "",
            vpc_peering_connection_id: "pcx-1",
          },
        ],
      },
    ),
    change(
      "aws_iam_role.r",
      role([], []),
      role(
        [
          { name: "own", policy: document("s3:*") },
          { name: "more", policy: document("*") },
        ],
        ["arn:a", "arn:b"],
      ),
    ),
  ];
  const { told } = judge(drift, {
    "aws_route.a": { route_table_id: "rtb-1", destination_cidr_block: "0.0.0.0/0", gateway_id: "igw-1" },
    "aws_iam_role_policy.own": {
      ...{ role: "r", name: "own" },
      policy: '{ "Statement": [{"Action": "s3:*"}], "Version": "2012-10-17" }',
    },
    "aws_iam_role_policy_attachment.a": { role: "r", policy_arn: "arn:a" },
  });
  expect(told).toEqual([
    ["aws_route_table.a", `route ${value("10.1.0.0/16 by pcx-1")}`],
    ["aws_iam_role.r", `inline_policy ${value("policy more")}`, `managed_policy_arns ${value("arn:b")}`],
  ]);
});

test("a policy of a known name and another document is told", () => {
  const role = (policy: string) => ({ name: "r", inline_policy: [{ name: "own", policy }] });
  const { told } = judge([change("aws_iam_role.r", { name: "r", inline_policy: [] }, role('{"a":2}'))], {
    "aws_iam_role_policy.own": { role: "r", name: "own", policy: '{"a":1}' },
  });
  expect(told).toEqual([["aws_iam_role.r", `inline_policy ${value("policy own")}`]]);
});

test("a bucket's policy is left out when a resource tells it, and told when none does", () => {
  const drift = [change("aws_s3_bucket.b", { id: "b", policy: "" }, { id: "b", policy: "{}{}" })];
  expect(judge(drift, { "aws_s3_bucket_policy.p": { bucket: "b" } }).told).toEqual([]);
  expect(judge(drift, { "aws_s3_bucket_policy.p": { bucket: "another" } }).told).toHaveLength(1);
});

test("hostile names are no keys of what every object inherits", () => {
  const address = "constructor.prototype";
  expect(
    judge([change(address, { __proto__x: "1" }, { __proto__x: "2" })], {}, { resource: {} }).told,
  ).toHaveLength(1);
});
