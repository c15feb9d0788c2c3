import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commentOf } from "../../operations/review/markdown/comment";
import { readPlan } from "../../operations/review/plan";
import { reviewOf, type ReviewInput } from "../../operations/review/review";
import { readMarkdown } from "../support/markdown";

const FIXTURES = join(__dirname, "..", "fixtures");
const PLANS = join(FIXTURES, "plans");
const REVIEWS = join(FIXTURES, "reviews");

/** `npm run goldens` writes what comes out now; a person then reads the diff. */
const isWritten = process.env.SKYLINE_GOLDENS !== undefined;

/** Stacks that cannot be planned yet, by scenario. */
const WAITING: Readonly<Record<string, readonly ReviewInput[]>> = {
  "new-cluster": [{ stack: "development-platform-bravo", plan: null, waitsFor: "development-cluster-bravo" }],
};

/** The comment on a scenario's plans, which real Terraform has made. */
function comment(scenario: string): string {
  const plans = readdirSync(join(PLANS, scenario)).map((file): ReviewInput => {
    const stack = file.replace(/\.json$/, "");
    return { stack, plan: readPlan(readFileSync(join(PLANS, scenario, file), "utf8"), stack) };
  });
  const inputs = [...plans, ...(WAITING[scenario] ?? [])];
  return commentOf(reviewOf(inputs, { weights: { development: { alpha: 100 } } }));
}

describe.each([
  "no-change",
  "new-cluster",
  "version-upgrade",
  "node-rotation",
  "removal-of-an-active-cluster",
  "gateway-roll",
])("review of %s", (scenario) => {
  const file = join(REVIEWS, `${scenario}.md`);
  if (isWritten) {
    test("is written", () => {
      mkdirSync(REVIEWS, { recursive: true });
      writeFileSync(file, comment(scenario));
    });
    return;
  }

  test("is as expected", () => expect(comment(scenario)).toBe(readFileSync(file, "utf8")));

  test("is Markdown with nothing live in it", () =>
    expect(readMarkdown(comment(scenario)).problems).toEqual([]));
});
