import { changeAt, fixture, meaningsOf, replace, reviewed, update } from "./plans";

/** How many nodes and members may be away at a time. */

const dial = (weights: Record<string, number>) => ({ weights: { development: weights } });

describe("nodes of EKS are replaced as their group's update_config says", () => {
  const rotated = (config: object | null, weight: number) =>
    meaningsOf(
      reviewed(
        "version-upgrade",
        "cluster-bravo",
        (plan) => {
          const { change } = changeAt(plan, "aws_eks_node_group");
          Object.assign(change.after as object, { update_config: config === null ? [] : [config] });
        },
        dial({ bravo: weight }),
      ),
      "workers-rotated",
    ).map(({ severity, text }) => `${severity} ${/\(3, (.*)\)/.exec(text)?.[1]}`);

  test.each([
    [{ max_unavailable: 1, max_unavailable_percentage: 0 }, "attention one at a time"],
    [{ max_unavailable: 2 }, "attention up to 2 at a time"],
    [{ max_unavailable: 3 }, "danger up to 3 at a time, which is all of them"],
    [{ max_unavailable: null, max_unavailable_percentage: 50 }, "attention up to 50 % at a time"],
    [{ max_unavailable_percentage: 100 }, "danger up to 100 % at a time, which is all of them"],
    // What EKS takes when nobody says it.
    [null, "attention one at a time"],
  ])("%j", (config, said) => {
    expect(rotated(config, 40)).toEqual([said]);
    expect(rotated(config, 0)).toEqual([said.replace(/^\w+/, "note")]);
  });
});

test("workers that may all be away at once are a danger where there is traffic", () => {
  const review = reviewed("node-rotation", "cluster-alpha", (plan) => {
    const { after } = changeAt(plan, "aws_autoscaling_group", "workers").change;
    const [refresh] = (after as { instance_refresh: { preferences: object[] }[] }).instance_refresh;
    Object.assign(refresh?.preferences[0] ?? {}, { min_healthy_percentage: 0 });
  });
  expect(meaningsOf(review, "workers-rotated")).toMatchObject([{ severity: "danger" }]);
});

test("the only member of etcd is its quorum", () => {
  const review = reviewed("no-change", "cluster-alpha", (plan) => {
    const others = ["member-1", "member-2"];
    plan.resource_changes = plan.resource_changes.filter(
      ({ address }) => !others.some((member) => address.includes(member)),
    );
    replace(changeAt(plan, "aws_autoscaling_group", "member-0"));
  });
  expect(meaningsOf(review, "etcd-member-replaced")).toMatchObject([
    { severity: "danger", text: expect.stringMatching(/^1 of 1 .*: the quorum is lost$/) },
  ]);
});

describe("the cost of a group is that of the instances that it comes to", () => {
  const items = (attributes: object) =>
    reviewed("no-change", "mesh", (plan) =>
      update(changeAt(plan, "aws_autoscaling_group", "gateways"), attributes),
    ).cost.items.map(({ direction, count }) => `${direction} ${count}`);

  test.each([
    [{ min_size: 5 }, ["more 2"]],
    [{ min_size: 0, max_size: 0 }, ["less 3"]],
    [{ max_size: 12 }, []],
    [{ desired_capacity: 20 }, ["more 6"]],
  ])("%j", (attributes, expected) => {
    expect(items(attributes)).toEqual(expected);
  });

  test("of EKS as well", () => {
    const { items: found } = reviewed("version-upgrade", "cluster-bravo", (plan) => {
      const { change } = changeAt(plan, "aws_eks_node_group");
      Object.assign(change.after as object, {
        scaling_config: [{ desired_size: 3, min_size: 4, max_size: 6 }],
      });
    }).cost;
    expect(found).toMatchObject([{ direction: "more", count: 1, what: "m7i.xlarge" }]);
  });
});

test("the fixtures say how many there are", () => {
  const { after } = changeAt(fixture("no-change", "mesh"), "aws_autoscaling_group", "gateways").change;
  expect(after).toMatchObject({ min_size: 3, max_size: 9, desired_capacity: 3 });
});
