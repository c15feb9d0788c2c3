import { differencesOf } from "../../../../../operations/atlantis/run/difference";
import { normalise } from "../../../../../operations/atlantis/run/normalised-plan";

const change = (over: object) => ({
  actions: ["update"],
  before: { id: "r-1", gateway: "nat-1", tags: { "skyline:stack": "a" }, size: 3 },
  after: { id: "r-1", gateway: "nat-2", tags: { "skyline:stack": "a" }, size: 3 },
  after_unknown: {},
  before_sensitive: {},
  after_sensitive: {},
  ...over,
});
const plan = (over: object = {}, more: object = {}) =>
  normalise({
    format_version: "1.2",
    resource_changes: [{ address: "aws_route.main", type: "aws_route", change: change(over) }],
    ...more,
  });
const none = normalise({ format_version: "1.2" });

test("plans that do the same differ in nothing", () => {
  expect(differencesOf(plan(), plan())).toEqual([]);
});

test("what is there now is told beside what was reviewed", () => {
  const outside = { before: { ...change({}).before, gateway: "igw-9" } };
  expect(differencesOf(plan(), plan(outside))).toEqual([
    'aws_route.main: gateway: reviewed "nat-1" -> "nat-2", now "igw-9" -> "nat-2"',
  ]);
});

test("a value that nobody had changed, and that the plan changes back now, is told by its path", () => {
  const outside = { before: { ...change({}).before, tags: { "skyline:stack": "b", list: [{ a: 1 }] } } };
  expect(differencesOf(plan(), plan(outside))).toEqual([
    "aws_route.main: tags.list[0].a: reviewed no change, now 1 -> nothing",
    'aws_route.main: tags["skyline:stack"]: reviewed no change, now "b" -> "a"',
  ]);
});

test("a value that only the apply will know is told as that", () => {
  const computed = { after: { id: "r-1" }, after_unknown: { gateway: true } };
  expect(differencesOf(plan(), plan(computed))[0]).toBe(
    'aws_route.main: gateway: reviewed "nat-1" -> "nat-2", now "nat-1" -> known after apply',
  );
});

test.each([
  ["a change that the review had not", none, plan(), "aws_route.main: reviewed no change, now update"],
  ["a change that is none any more", plan(), none, "aws_route.main: reviewed update, now no change"],
  [
    "a replacement instead of an update",
    plan(),
    plan({ actions: ["delete", "create"] }),
    "aws_route.main: reviewed update, now delete and create",
  ],
  [
    "an attribute that forces a replacement now",
    plan({ actions: ["delete", "create"] }),
    plan({ actions: ["delete", "create"], replace_paths: [["gateway"]] }),
    "aws_route.main: is marked or forced otherwise",
  ],
  [
    "a part of a plan that nobody knows",
    plan(),
    plan({}, { action_invocations: ["a"] }),
    "action_invocations: differs from what was reviewed",
  ],
])("%s is told", (_, reviewed, now, line) => {
  expect(differencesOf(reviewed, now)).toEqual([line]);
});

test.each([
  ["before", { before_sensitive: { gateway: true } }, {}],
  ["after", {}, { after_sensitive: { gateway: true } }],
  ["as a whole", { after_sensitive: true }, {}],
])("a value that is sensitive %s in one of the two is told to differ, and no more", (_, reviewed, now) => {
  const one = plan({ ...reviewed, after: { ...change({}).after, gateway: "s3cret-1" } });
  const other = plan({ ...now, after: { ...change({}).after, gateway: "s3cret-2" } });
  const [line, ...more] = differencesOf(one, other);
  expect(line).toBe("aws_route.main: gateway: a sensitive value, which differs from what was reviewed");
  expect(more).toEqual([]);
});

test("nothing in names or values moves the reader: one line each, and what is not seen is written out", () => {
  const hostile = (value: string) =>
    normalise({
      format_version: "1.2",
      resource_changes: [
        { address: "aws_route.a\n\u202eb", change: change({ after: { "x\u200b": value } }) },
      ],
    });
  const lines = differencesOf(hostile("a\nb"), hostile("c\u202ed"));
  expect(lines.join("\n")).not.toMatch(/\u202e|\u200b/);
  expect(lines.every((line) => !line.includes("\n"))).toBe(true);
  expect(lines[0]).toContain("aws_route.a\\u{a}\\u{202e}b");
});

test("long values and long lists are cut", () => {
  const wide = (value: string) =>
    plan({ after: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, value])) });
  const lines = differencesOf(wide("x".repeat(5000)), wide("y".repeat(5000)));
  expect(lines).toHaveLength(41);
  expect(lines.at(-1)).toBe("… and 60 more differences");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
});
