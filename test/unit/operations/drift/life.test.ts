import { skippedStep, stageOf, type Stage } from "../../../../operations/life";

const STAGES: readonly Stage[] = ["none", "passive", "active", "retiring"];
const ALLOWED = [
  ["none", "passive"],
  ["passive", "active"],
  ["active", "passive"],
  ["passive", "retiring"],
  ["retiring", "passive"],
  ["retiring", "none"],
] as const satisfies readonly (readonly [Stage, Stage])[];

const pairs = STAGES.flatMap((from) => STAGES.map((to) => [from, to] as const)).filter(
  ([from, to]) => from !== to,
);
const isAllowed = ([from, to]: readonly [Stage, Stage]) =>
  ALLOWED.some(([one, other]) => one === from && other === to);

test.each(pairs.filter(isAllowed))("%s to %s skips nothing", (from, to) => {
  expect(skippedStep(from, to, false)).toBeUndefined();
});

test.each(pairs.filter((pair) => !isAllowed(pair)))("%s to %s skips a step", (from, to) => {
  const step = skippedStep(from, to, false);
  expect(step).toBeDefined();
  expect(isAllowed([from, step!])).toBe(true);
});

test.each(STAGES)("%s may stay", (stage) => {
  expect(skippedStep(stage, stage, false)).toBeUndefined();
});

test("only the first cluster of an environment begins as the active one", () => {
  expect(skippedStep("none", "active", true)).toBeUndefined();
  expect(skippedStep("none", "active", false)).toBe("passive");
  expect(skippedStep("none", "retiring", true)).toBe("passive");
});

test("a removed cluster is as good as one that the file does not have", () => {
  expect([stageOf("removed"), stageOf(undefined), stageOf("retiring")]).toEqual(["none", "none", "retiring"]);
});
