import { reviewOf } from "../../../../operations/review/review";
import {
  changeAt,
  meaningsOf,
  planWith,
  read,
  remove,
  replace,
  reviewed,
  update,
  type PlanDocument,
} from "./plans";

/** What the network stack changes of what traffic and names go through, and the entries that clients look up. */

const touched = (edit: (plan: PlanDocument) => void) =>
  reviewed("no-change", "network", edit).meanings.map(
    ({ code, severity, text }) => `${severity} ${code}: ${text}`,
  );

const created = (type: string, after: object, after_unknown: object = {}) => {
  const plan = read(planWith({ type, address: `${type}.x`, actions: ["create"], after, after_unknown }));
  return reviewOf([{ stack: "development-network", plan }]).meanings.map(
    ({ code, severity }) => `${severity} ${code}`,
  );
};

describe("the network", () => {
  test.each([
    ["aws_vpc", { enable_dns_support: false }],
    ["aws_route", { nat_gateway_id: "nat-other" }],
    ["aws_route53_resolver_rule", { target_ip: [] }],
    ["aws_vpc_endpoint", { policy: "{}" }],
    ["aws_default_security_group", { egress: [{ protocol: "-1" }] }],
  ])("is touched by an update of %s", (type, attributes) => {
    expect(touched((plan) => update(changeAt(plan, type), attributes))).toEqual([
      `attention network-touched: traffic and names of the whole environment go through what changes here: 1 change (${type})`,
    ]);
  });

  test.each([
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
  ])("is touched badly by the end of %s", (type) => {
    expect(touched((plan) => remove(changeAt(plan, type)))).toEqual([
      expect.stringMatching(/^danger network-touched: .*, 1 of which deletes or replaces \(aws_\w+\)$/),
    ]);
  });

  test("is not by what another rule tells, by words, and by what no traffic goes through", () => {
    const tags = { Name: "other" };
    expect(touched((plan) => update(changeAt(plan, "aws_vpc"), { tags, tags_all: tags }))).toEqual([]);
    expect(touched((plan) => remove(changeAt(plan, "aws_flow_log")))).toEqual([]);
    expect(touched((plan) => remove(changeAt(plan, "aws_nat_gateway")))).toEqual([
      expect.stringMatching(/^danger network-replaced/),
    ]);
    expect(
      touched((plan) =>
        update(changeAt(plan, "aws_route53_record", "active-api"), { records: ["other.example.internal"] }),
      ),
    ).toEqual([expect.stringMatching(/^attention name-changed/)]);
  });

  test("is touched by rules and routes that are made for what stands, and not by those of what is made", () => {
    const stands = ["attention network-touched"];
    expect(created("aws_network_acl_rule", { network_acl_id: "acl-1", rule_action: "deny" })).toEqual(stands);
    expect(created("aws_network_acl", { vpc_id: "vpc-1" })).toEqual(stands);
    expect(created("aws_route", { route_table_id: "rtb-1" })).toEqual(stands);
    expect(created("aws_route", {}, { route_table_id: true })).toEqual([]);
    expect(created("aws_nat_gateway", {})).toEqual([]);
  });
});

describe("the registry", () => {
  const code = "registry-entry-deleted";

  test("is not to lose which cluster is active", () => {
    const active = (edit: typeof remove) =>
      meaningsOf(
        reviewed("no-change", "network", (plan) =>
          edit(changeAt(plan, "aws_ssm_parameter", "active-cluster")),
        ),
        code,
      );
    expect(active(remove)).toMatchObject([
      {
        severity: "danger",
        text: "/skyline/development/active, by which clients find the active cluster, is deleted",
      },
    ]);
    expect(active(replace)).toMatchObject([
      { severity: "danger", text: expect.stringContaining("is replaced, and says what the file says") },
    ]);
  });

  test("is not to lose a cluster that stands", () => {
    const review = reviewed("no-change", "cluster-alpha", (plan) =>
      remove(changeAt(plan, "aws_ssm_parameter", "registry-entry")),
    );
    expect(meaningsOf(review, code)).toMatchObject([
      {
        severity: "danger",
        text: "/skyline/development/clusters/alpha, by which clients find a cluster that stands, is deleted",
      },
    ]);
    expect(meaningsOf(reviewed("removal-of-an-active-cluster", "cluster-alpha"), code)).toEqual([]);
  });

  test("is told who is active by a promotion, and not by an apply", () => {
    const review = reviewed("no-change", "network", (plan) =>
      update(changeAt(plan, "aws_ssm_parameter", "active-cluster"), { value: "bravo" }),
    );
    expect(meaningsOf(review, "registry-entry-changed")).toMatchObject([{ severity: "attention" }]);
  });
});
