import { judge, refusalsOf, sentenceOf } from "../../../../../operations/atlantis/run/judged-plan";
import type { StackRun } from "../../../../../operations/atlantis/run/stack-run";
import type { Trust } from "../../../../../operations/atlantis/trust";
import type { Counts, Review, StackReview } from "../../../../../operations/review/model";

const none: Counts = { create: 0, update: 0, replace: 0, delete: 0, import: 0, move: 0, forget: 0 };
const stack = (state: StackReview["state"], counts: Partial<Counts> = {}) =>
  ({ state, counts: { ...none, ...counts } }) as StackReview;

/** As Atlantis 0.45 reads a plan's output: server/events/models/models.go. */
const CHANGES =
  /Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy(?:, (\d+) to forget)?\./;
const NO_CHANGES =
  /No changes. (Infrastructure is up-to-date|Your infrastructure matches the configuration)./;

test.each<[string, StackReview, readonly (string | undefined)[]]>([
  ["creations", stack("changes", { create: 4, update: 2, delete: 1 }), [undefined, "4", "2", "1", undefined]],
  ["a replacement, which is both", stack("changes", { replace: 3 }), [undefined, "3", "0", "3", undefined]],
  ["an import", stack("changes", { import: 2, update: 1 }), ["2", "0", "1", "0", undefined]],
  ["what is forgotten", stack("changes", { forget: 5 }), [undefined, "0", "0", "0", "5"]],
  ["outputs alone", stack("changes"), [undefined, "0", "0", "0", undefined]],
])("Atlantis counts %s", (_, review, counts) => {
  expect(CHANGES.exec(sentenceOf(review))?.slice(1)).toEqual(counts);
});

test("Atlantis knows a plan without changes, and takes a stack that waits for neither", () => {
  expect(sentenceOf(stack("none"))).toMatch(NO_CHANGES);
  expect(sentenceOf(stack("waits"))).toBe("");
});

test("a review that is refused says all reasons, one that is not says none", () => {
  const review = {
    verdict: "refused",
    meanings: [
      { severity: "danger", text: "Rolls the gateways" },
      { severity: "refused", text: "Removes cluster alpha, which is active" },
    ],
    findings: [{ address: "aws_vpc.main", check: "missing-tags", wrong: "has no tags", right: "tag it" }],
  } as unknown as Review;
  expect(refusalsOf(review)).toEqual([
    "Removes cluster alpha, which is active",
    "aws_vpc.main  missing-tags: has no tags; tag it",
  ]);
  expect(refusalsOf({ ...review, verdict: "danger" })).toEqual([]);
});

test("a secret that the provider repeats where Terraform marks nothing is not shown", () => {
  const [old, next] = ["old-s3cret-9", 'new-"s3cret"-9'];
  const change = {
    actions: ["update"],
    before: { id: "a", input: old, output: old, note: "plain" },
    after: { id: "a", input: next, output: `it is ${next}`, note: "plainer" },
    after_unknown: {},
    before_sensitive: { input: true },
    after_sensitive: { input: true },
  };
  const plan = {
    format_version: "1.2",
    resource_changes: [{ address: "terraform_data.token", mode: "managed", type: "terraform_data", change }],
  };
  const run = { verified: { stack: "development-mesh", environment: "development" }, code: {} };
  const trust = {
    schemaVersion: 1,
    repository: "",
    store: "",
    providers: {},
    dataSources: [],
    environments: {},
  };
  const { review } = judge(
    run as StackRun,
    JSON.stringify(plan),
    { trust: trust as Trust },
    () => "sha256:0",
  );
  expect(JSON.stringify(review)).not.toMatch(/s3cret/);
  const shown = review.stacks[0]?.resources[0]?.attributes.map(({ path, after }) => [path, after.kind]);
  expect(shown).toEqual(
    expect.arrayContaining([
      ["note", "value"],
      ["output", "sensitive"],
    ]),
  );
});
