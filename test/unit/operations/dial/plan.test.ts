import { planOf, sourcesOf, stepsOf } from "../../../../operations/dial/ramp/plan";

test("each step is the cluster's share; the others keep their proportions", () => {
  expect(planOf({ alpha: 60, charlie: 40 }, "bravo", [1, 25, 100])).toEqual([
    { share: 1, weights: { alpha: 59, bravo: 1, charlie: 40 } },
    { share: 25, weights: { alpha: 45, bravo: 25, charlie: 30 } },
    { share: 100, weights: { bravo: 100 } },
  ]);
});

test("rounding does not add up: a step does not depend on those before it", () => {
  const before = { weights: { alpha: 34, charlie: 33, delta: 33 } };
  const all = stepsOf({ before, to: "bravo", steps: Array.from({ length: 100 }, (_, at) => at + 1) });
  const alone = all.map(({ share }) => stepsOf({ before, to: "bravo", steps: [share] })[0]);
  expect(all).toEqual(alone);
  expect(all.every(({ weights }) => Object.values(weights).reduce((sum, one) => sum + one) === 100)).toBe(
    true,
  );
});

test("steps that the cluster has behind it are left out", () => {
  expect(planOf({ alpha: 75, bravo: 25 }, "bravo", [1, 25, 50]).map(({ share }) => share)).toEqual([50]);
});

test.each([
  [[50, 25], /do not rise/],
  [[0, 25], /do not rise/],
  [[25, 101], /do not rise/],
  [[12.5], /do not rise/],
  [[], /do not rise/],
  [[1, 5, 10], /bravo has 10 already/],
])("steps %j are refused", (steps, message) => {
  expect(() => planOf({ alpha: 90, bravo: 10 }, "bravo", steps)).toThrow(message);
});

test("the source is who has a weight beside the target", () => {
  expect(sourcesOf({ alpha: 10, bravo: 90, charlie: 0 }, "bravo")).toEqual(["alpha"]);
  expect(sourcesOf({ bravo: 100 }, "bravo")).toEqual([]);
});
