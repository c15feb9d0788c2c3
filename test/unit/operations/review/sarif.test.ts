import fc from "fast-check";
import type { Review } from "../../../../operations/review/model";
import { sarifOf } from "../../../../operations/review/sarif";
import { seed } from "../../../support/property";
import { hostileReview, review } from "../../../support/reviews";
import { sarifProblems } from "../../../support/sarif";

const finding = {
  check: "open-ingress",
  stack: "development-mesh",
  address: "aws_security_group.sdb",
  wrong: "it is open to {0}",
  right: "name who may come",
} as const;
const full: Review = review({
  verdict: "refused",
  meanings: [
    {
      code: "active-cluster-touched",
      severity: "danger",
      stack: "development-cluster-alpha",
      address: "aws_eks_cluster.alpha",
      text: "Touches [alpha](0), which is active",
    },
    {
      code: "step-skipped",
      severity: "note",
      stack: "development-cluster-alpha",
      address: null,
      text: "Skips a step",
    },
  ],
  findings: [finding, finding],
  exempted: [{ ...finding, address: "aws_lb.x", reason: "Until March", owner: "team-edge" }],
});

test("given meanings, findings and exemptions, each is a result of its rule at its place", () => {
  const [{ tool, results }] = sarifOf(full, "1.2.3").runs;
  expect(tool.driver).toMatchObject({ name: "Skyline", semanticVersion: "1.2.3" });
  expect(tool.driver.rules.map(({ id }) => id)).toEqual([
    "active-cluster-touched",
    "policy/open-ingress",
    "step-skipped",
  ]);
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ["active-cluster-touched", "error"],
    ["step-skipped", "note"],
    ["policy/open-ingress", "error"],
    ["policy/open-ingress", "error"],
    ["policy/open-ingress", "error"],
  ]);
  expect(results[0]).toMatchObject({
    message: {
      text: "development-cluster-alpha/aws_eks_cluster.alpha: Touches [alpha] (0), which is active",
    },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "cdktf.out/stacks/development-cluster-alpha/cdk.tf.json" },
        },
        logicalLocations: [
          { fullyQualifiedName: "development-cluster-alpha/aws_eks_cluster.alpha", kind: "resource" },
        ],
      },
    ],
  });
  expect(results[2]?.message.text).toBe(
    "development-mesh/aws_security_group.sdb: it is open to {{0}}; name who may come",
  );
});

test("given an exemption, its result is suppressed, with the reason and who answers for it", () => {
  const [{ results }] = sarifOf(full, "1.2.3").runs;
  expect(results.map(({ suppressions }) => suppressions?.[0]?.justification)).toEqual([
    ...[undefined, undefined, undefined, undefined],
    "Until March (team-edge)",
  ]);
});

test("given two results of a rule at one place, they have two fingerprints, whatever else there is", () => {
  const prints = (of: Review) => sarifOf(of, "1.2.3").runs[0].results.map((one) => one.partialFingerprints);
  const all = prints(full);
  expect(new Set(all.map((print) => JSON.stringify(print))).size).toBe(all.length);
  expect(prints({ ...full, meanings: [] })).toEqual(all.slice(2));
});

test("given anything, the log keeps to the schema and has no link and no placeholder", () => {
  fc.assert(
    fc.property(hostileReview, (of) => {
      const log = sarifOf(of, "1.2.3");
      expect(sarifProblems(log)).toEqual([]);
      expect(sarifOf(structuredClone(of), "1.2.3")).toEqual(log);
    }),
    { seed, numRuns: 150 },
  );
});
