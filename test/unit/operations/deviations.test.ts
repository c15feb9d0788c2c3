import { DEVIATIONS, differencesIn, judge, type Deviation } from "../../../operations/local/deviations";

const change = (over: object = {}) => ({
  address: "aws_vpc.main",
  type: "aws_vpc",
  change: {
    actions: ["update"],
    before: { cidr: "10.0.0.0/16", tags: {} },
    after: { cidr: "10.1.0.0/16", tags: null },
    after_unknown: {},
    ...over,
  },
});
const plan = (...resource_changes: object[]) => ({ resource_changes });
const vpcCidr: Deviation = { resource: "aws_vpc", attribute: "cidr", reason: "a test" };

test("an update is told by the attributes that differ, and absent is as good as empty", () => {
  expect(differencesIn(plan(change()))).toEqual([
    {
      address: "aws_vpc.main",
      resource: "aws_vpc",
      actions: ["update"],
      attribute: "cidr",
      before: "10.0.0.0/16",
      after: "10.1.0.0/16",
    },
  ]);
});

test("resources that do not change, and data that is read, are no differences", () => {
  expect(differencesIn(plan(change({ actions: ["no-op"] }), change({ actions: ["read"] })))).toEqual([]);
});

test.each([
  ["created", { actions: ["create"], before: null }],
  ["destroyed", { actions: ["delete"], after: null }],
])("a resource that would be %s is a difference that no entry explains", (_, over) => {
  const differences = differencesIn(plan(change(over)));
  expect(differences).toHaveLength(1);
  expect(judge(differences, [vpcCidr]).unexplained).toHaveLength(1);
});

test("an update in which nothing known differs does not go unseen", () => {
  const same = { before: { cidr: "a" }, after: { cidr: "a" } };
  expect(differencesIn(plan(change(same)))).toHaveLength(1);
});

test("an attribute known only after apply is not a difference of its own", () => {
  const over = { after: { cidr: "10.1.0.0/16", tags: null, arn: null }, after_unknown: { arn: true } };
  expect(differencesIn(plan(change(over))).map(({ attribute }) => attribute)).toEqual(["cidr"]);
});

test("a changed output is a difference", () => {
  expect(
    differencesIn({ output_changes: { vpc_id: { actions: ["update"] }, same: { actions: ["no-op"] } } }),
  ).toEqual([expect.objectContaining({ address: "output.vpc_id" })]);
});

test("a listed deviation explains its attribute and no other", () => {
  const both = change({ before: { cidr: "a", name: "a" }, after: { cidr: "b", name: "b" } });
  const judgement = judge(differencesIn(plan(both)), [vpcCidr]);
  expect(judgement.explained).toBe(1);
  expect(judgement.unexplained.map(({ attribute }) => attribute)).toEqual(["name"]);
});

test("an entry that nothing needs is told", () => {
  expect(judge([], [vpcCidr]).unused).toEqual([vpcCidr]);
  expect(judge(differencesIn(plan(change())), [vpcCidr]).unused).toEqual([]);
});

test("every entry of the list says why, and none is there twice", () => {
  expect(DEVIATIONS.filter(({ reason }) => !/(moto|ministack) \d/.test(reason))).toEqual([]);
  const keys = DEVIATIONS.map(({ resource, attribute }) => `${resource}.${attribute}`);
  expect(new Set(keys).size).toBe(keys.length);
});
