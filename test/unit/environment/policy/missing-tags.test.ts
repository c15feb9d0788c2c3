import { found, wrongWith } from "./checked";

const TAG = { "skyline:environment": "example" };
const BARE = { aws: [{ region: "us-east-1" }] };

test("the provider's default tags count, its other configurations' do not", () => {
  const resource = { aws_vpc: { it: {} } };
  expect(found("missing-tags", { resource })).toEqual([]);
  expect(found("missing-tags", { provider: BARE, resource })).toEqual([
    "aws_vpc.it: no skyline:environment in tags; write skyline:environment: example",
  ]);
  const two = { aws: [{ default_tags: [{ tags: TAG }] }, { alias: "dns" }] };
  expect(
    found("missing-tags", {
      provider: two,
      resource: { aws_vpc: { one: {}, two: { provider: "aws.dns" } } },
    }),
  ).toEqual([expect.stringMatching(/^aws_vpc\.two: no skyline:environment/)]);
});

test("so do a resource's own, and one that names another environment is told", () => {
  expect(found("missing-tags", { provider: BARE, resource: { aws_vpc: { it: { tags: TAG } } } })).toEqual([]);
  expect(wrongWith("missing-tags", "aws_vpc", { tags: { "skyline:environment": "other" } })).toEqual([
    'skyline:environment is "other" in tags; write skyline:environment: example',
  ]);
  expect(wrongWith("missing-tags", "aws_vpc", { tags: "${merge(local.tags, {})}" })).toEqual([]);
});

test("nothing about what has no tags, or is of no AWS resource", () => {
  const resource = { aws_route: { it: {} }, kubernetes_namespace_v1: { it: {} } };
  expect(found("missing-tags", { provider: BARE, resource })).toEqual([]);
  expect(found("missing-tags", { provider: BARE, data: { aws_vpc: { it: {} } } })).toEqual([]);
});

describe("what an Auto Scaling group launches", () => {
  const tag = (more: object) => [{ key: "skyline:environment", value: "example", ...more }];
  const specifications = (...types: string[]) => types.map((resource_type) => ({ resource_type, tags: TAG }));
  const stack = (group: object, template: object) =>
    found("missing-tags", {
      resource: {
        aws_autoscaling_group: { it: { launch_template: { id: "${aws_launch_template.it.id}" }, ...group } },
        aws_launch_template: { it: template },
      },
    });

  test("has tags from the template, and the group has its own", () => {
    const whole = { tag_specifications: specifications("instance", "volume") };
    expect(stack({ tag: tag({ propagate_at_launch: false }) }, whole)).toEqual([]);
    expect(stack({}, whole)).toEqual([
      expect.stringContaining(
        "aws_autoscaling_group.it: no skyline:environment in tag (the provider's default tags",
      ),
    ]);
  });

  test("an instance may have them from the group, a volume not", () => {
    expect(stack({ tag: tag({ propagate_at_launch: true }) }, {})).toEqual([
      "aws_launch_template.it: no skyline:environment in tag_specifications of volumes; write skyline:environment: example",
    ]);
    expect(
      stack({ tag: tag({ propagate_at_launch: false }) }, { tag_specifications: specifications("volume") }),
    ).toEqual([
      expect.stringContaining(
        "aws_launch_template.it: no skyline:environment in tag_specifications of instances",
      ),
    ]);
  });

  test("a group with a template from elsewhere has to pass them on", () => {
    const group = (more: object) => ({
      resource: { aws_autoscaling_group: { it: { launch_template: { id: "lt-1" }, tag: tag(more) } } },
    });
    expect(found("missing-tags", group({ propagate_at_launch: true }))).toEqual([]);
    expect(found("missing-tags", group({ propagate_at_launch: false }))).toEqual([
      expect.stringContaining("skyline:environment is not passed on to instances"),
    ]);
  });

  test("a template whose name begins like another's is not taken for it", () => {
    const resource = {
      aws_autoscaling_group: {
        it: {
          launch_template: { id: "${aws_launch_template.worker-2.id}" },
          tag: tag({ propagate_at_launch: true }),
        },
      },
      aws_launch_template: { worker: { tag_specifications: specifications("volume") } },
    };
    expect(found("missing-tags", { resource })).toEqual([
      expect.stringContaining(
        "aws_launch_template.worker: no skyline:environment in tag_specifications of instances",
      ),
    ]);
  });
});
