import { changeAt, meaningsOf, reviewed, update, type PlanDocument } from "./plans";

/** Changes of the mesh and the network after which less serves, or nothing does, though nothing is deleted. */

const said = (edit: (plan: PlanDocument) => void, stack = "mesh", scenario = "no-change") =>
  reviewed(scenario, stack, edit).meanings.map(({ code, severity, text }) => `${severity} ${code}: ${text}`);

const group = (name: string, attributes: object) => (plan: PlanDocument) =>
  update(changeAt(plan, "aws_autoscaling_group", name), attributes);

/** A new template for a group, and other attributes of it. */
const withNewTemplate = (name: string, attributes: object) => (plan: PlanDocument) => {
  update(changeAt(plan, "aws_launch_template", name), { image_id: "ami-other" });
  const found = changeAt(plan, "aws_autoscaling_group", name);
  const [template] = (found.change.after as { launch_template: object[] }).launch_template;
  update(found, { launch_template: [{ ...template, version: "2" }], ...attributes });
};

describe("the gateways' group", () => {
  test.each([
    ["none at all", { min_size: 0, max_size: 0, desired_capacity: 0 }],
    ["a greatest number of none, whatever is wanted", { min_size: 0, max_size: 0 }],
    ["none wanted", { min_size: 0, desired_capacity: 0 }],
  ])("of %s is a danger", (_, attributes) => {
    expect(said(group("gateways", attributes))).toEqual([
      "danger gateways-lost: all 3 gateways go: no call by name is answered afterwards",
    ]);
  });

  test.each([
    [{ desired_capacity: 2, min_size: 1 }, "fewer gateways: 3 (3 to 9) become 2 (1 to 9)"],
    [{ min_size: 1 }, "fewer gateways: 3 (3 to 9) become 3 (1 to 9)"],
    [{ max_size: 3 }, "fewer gateways: 3 (3 to 9) become 3 (3 to 3)"],
    [{ min_size: 1, max_size: 2 }, "fewer gateways: 3 (3 to 9) become 2 (1 to 2)"],
  ])("with %j is made smaller", (attributes, text) => {
    expect(said(group("gateways", attributes))).toEqual([`attention gateways-fewer: ${text}`]);
  });

  test("that grows is a change like others", () => {
    expect(said(group("gateways", { max_size: 12 }))).toEqual([
      expect.stringMatching(/^attention mesh-touched: .*1 change \(aws_autoscaling_group\)$/),
    ]);
  });

  test("leaves its balancer", () => {
    expect(said(group("gateways", { target_group_arns: [] }))).toEqual([
      "danger gateways-unreached: the gateways leave their balancer: no call by name reaches them afterwards",
    ]);
    expect(said(group("gateways", { target_group_arns: ["arn:other"] }))).toEqual([
      expect.stringMatching(/^attention gateways-unreached: the gateways leave 1 of 1 place that/),
    ]);
    expect(
      said((plan) => {
        const one = changeAt(plan, "aws_autoscaling_group", "gateways");
        const [arn] = (one.change.after as { target_group_arns: string[] }).target_group_arns;
        update(one, { target_group_arns: [arn, "arn:other"] });
      }),
    ).toEqual([expect.stringMatching(/^attention mesh-touched/)]);
  });

  test("has processes suspended; with a refresh whose instances reach no balancer that is a danger", () => {
    expect(said(group("gateways", { suspended_processes: ["Launch", "Terminate"] }))).toEqual([
      "attention group-suspended: AWS stops to look after the gateways' group: Launch and Terminate suspended",
    ]);
    const rolled = said(withNewTemplate("gateways", { suspended_processes: ["AddToLoadBalancer"] }));
    expect(rolled).toEqual([
      expect.stringMatching(/^danger group-suspended: .*, and the new gateways reach no balancer$/),
      expect.stringMatching(/^attention gateways-rolled/),
    ]);
  });

  test("without a refresh brings a new template to nobody", () => {
    const lines = said(withNewTemplate("gateways", { instance_refresh: [] }));
    expect(lines).toEqual([
      "attention template-unused: the new template reaches none of the gateways before an instance is replaced: their group has no instance refresh any more",
    ]);
    expect(said(group("gateways", { instance_refresh: [] }))).toEqual([
      "attention template-unused: a later template reaches none of the gateways: their group has no instance refresh any more",
    ]);
  });

  test("what no rule of its own tells is told as a change of what all calls go through", () => {
    const text = said(withNewTemplate("gateways", { health_check_type: "EC2" }));
    expect(text).toEqual([
      expect.stringMatching(/^attention gateways-rolled/),
      expect.stringMatching(/^attention mesh-touched: .*1 change \(aws_autoscaling_group\)$/),
    ]);
    const template = said((plan) =>
      update(changeAt(plan, "aws_launch_template", "gateways"), { image_id: "ami-other" }),
    );
    expect(template).toEqual([expect.stringMatching(/^attention mesh-touched: .*\(aws_launch_template\)$/)]);
  });

  test("is rolled while calls go on, unless all of it may be away", () => {
    expect(said(() => undefined, "mesh", "gateway-roll")).toEqual([
      "attention gateways-rolled: all 3 gateways are replaced, new ones first, with a halt of 300 s after 34 %: calls go on through the others",
    ]);
    const away = said(
      (plan) => {
        const { after } = changeAt(plan, "aws_autoscaling_group", "gateways").change;
        const [refresh] = (after as { instance_refresh: { preferences: object[] }[] }).instance_refresh;
        Object.assign(refresh?.preferences[0] ?? {}, { min_healthy_percentage: 0 });
      },
      "mesh",
      "gateway-roll",
    );
    expect(away).toEqual([expect.stringMatching(/^danger .*: no call by name is answered meanwhile$/)]);
  });
});

describe("the group of Consul servers", () => {
  test.each([
    [{ min_size: 0, max_size: 0 }, "danger", "3 of 3 Consul servers leave: the quorum and its data are lost"],
    [
      { desired_capacity: 0, min_size: 0 },
      "danger",
      "3 of 3 Consul servers leave: the quorum and its data are lost",
    ],
    [{ min_size: 1, max_size: 1 }, "danger", "2 of 3 Consul servers leave: the quorum is lost"],
    [{ min_size: 2, max_size: 2 }, "attention", "1 of 3 Consul servers leave the quorum"],
    [{ min_size: 1 }, "attention", "Consul servers may go down to 1, which is no quorum of 3"],
  ])("with %j: %s", (attributes, severity, text) => {
    expect(said(group("consul-servers", attributes))).toEqual([`${severity} consul-server-removed: ${text}`]);
  });

  test("has processes suspended, and a template that reaches nobody", () => {
    expect(said(group("consul-servers", { suspended_processes: ["ReplaceUnhealthy"] }))).toEqual([
      "attention group-suspended: AWS stops to look after the Consul servers' group: ReplaceUnhealthy suspended",
    ]);
    expect(said(withNewTemplate("consul-servers", { instance_refresh: [] }))).toEqual([
      expect.stringMatching(
        /^attention template-unused: the new template reaches none of the Consul servers/,
      ),
    ]);
  });
});

test("what is suspended already is not told again", () => {
  const review = reviewed("no-change", "mesh", (plan) => {
    const found = changeAt(plan, "aws_autoscaling_group", "gateways");
    Object.assign(found.change.after as object, { suspended_processes: ["Launch", "Terminate"] });
    update(found, { suspended_processes: ["Launch"] });
  });
  expect(meaningsOf(review, "group-suspended")).toEqual([]);
});
