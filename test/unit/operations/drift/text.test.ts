import { driftText } from "../../../../cli/drift/drift-text";
import type { ChangedOutside, DriftReport, StackDrift } from "../../../../operations/drift/model";
import type { Shown } from "../../../../operations/review/model";

const stack = (name: string, more: Partial<StackDrift> = {}): StackDrift => ({
  ...{ stack: name, state: "looked-at", waitsFor: null },
  ...{ changedOutside: [], notApplied: [], outputs: [], leftOut: [] },
  ...more,
});
const source = (
  name: "parameter" | "file" | "api-name" | "dial",
  value: string,
  agrees: boolean | null = true,
) => ({
  ...{ source: name, where: `/${name}`, value, agrees, remark: null },
});
const report = (more: Partial<DriftReport> = {}): DriftReport => ({
  environment: "development",
  verdict: "drift",
  stacks: [stack("development-network")],
  active: { cluster: "alpha", sources: [source("parameter", "alpha"), source("dial", "alpha 100")] },
  ...{ findings: [], notes: [], unknown: [] },
  ...more,
});
const shown = (json: string): Shown => ({ kind: "value", json });
const changed = (address: string, after: Shown = shown('"bob"')): ChangedOutside => ({
  ...{ address, type: "aws_vpc", change: "changed" },
  attributes: [{ path: "tags.owner", before: { kind: "absent" }, after }],
});

test("nothing to say is one line", () => {
  const leftOut = [{ address: "aws_vpc.a", attribute: "tags", reason: "x" }];
  const text = driftText(report({ verdict: "none", stacks: [stack("a", { leftOut }), stack("b")] }));
  expect(text).toBe("development: no drift: 2 stacks, and alpha is active wherever it is said");
});

test("one line says that platforms were left out, too", () => {
  const stacks = [stack("a"), stack("b", { state: "left-out" })];
  expect(driftText(report({ verdict: "none", stacks }))).toContain("1 stack (1 platform stack left out)");
});

test("each part has its section, the active cluster one where not all say the same", () => {
  const text = driftText(
    report({
      stacks: [
        stack("development-network", {
          changedOutside: [
            changed("aws_vpc.a"),
            { ...changed("aws_route.b"), change: "gone", attributes: [] },
          ],
        }),
        stack("development-cluster-alpha", {
          notApplied: [
            {
              ...{ address: "aws_launch_template.a", type: "aws_launch_template", action: "update" },
              attributes: [{ path: "image_id", before: shown('"a"'), after: shown('"b"') }],
            },
          ],
          outputs: [{ path: "cluster_role", before: shown('"active"'), after: shown('"passive"') }],
        }),
        stack("development-platform-alpha", { state: "waits", waitsFor: "development-cluster-alpha" }),
      ],
      active: {
        cluster: "alpha",
        sources: [source("parameter", "alpha"), source("dial", "bravo 100", false)],
      },
      findings: [
        { code: "dial-disagrees", object: "dial", text: "The dial is elsewhere", fix: "skyline dial set" },
      ],
    }),
  );
  expect(text)
    .toBe(`development: 2 resources changed outside of Terraform, 2 stacks not applied as the code is, 1 disagreement

Changed outside of Terraform
  development-network
    aws_vpc.a
      tags.owner: nothing -> "bob"
    gone: aws_route.b

Not applied yet: in the code, and not in the state
  development-cluster-alpha: 1 to change, outputs cluster_role
    ~ aws_launch_template.a (image_id)
  development-platform-alpha waits for development-cluster-alpha

Active cluster: alpha
  SAID BY    WHERE       SAYS
  parameter  /parameter  alpha      agrees
  dial       /dial       bravo 100  disagrees

Disagreements
  The dial is elsewhere
    -> skyline dial set`);
});

test("many resources with the same change are told together", () => {
  const changedOutside = ["a", "b", "c", "d", "e"].map((name) => changed(`aws_vpc.${name}`));
  const text = driftText(report({ stacks: [stack("development-network", { changedOutside })] }));
  expect(text).toContain("    5 resources: aws_vpc.a, aws_vpc.b, aws_vpc.c and 2 more\n      tags.owner:");
  expect(text.match(/tags\.owner/g)).toHaveLength(1);
});

test("a long list is cut, and a long value too", () => {
  const notApplied = Array.from({ length: 57 }, (_, i) => ({
    ...{ address: `aws_vpc.v${i}`, type: "aws_vpc", action: "create" as const, attributes: [] },
  }));
  const text = driftText(
    report({
      stacks: [
        stack("a", {
          notApplied,
          changedOutside: [changed("aws_vpc.x", shown(JSON.stringify("x".repeat(5000))))],
        }),
      ],
    }),
  );
  expect(text).toContain("  a: 57 to create");
  expect(text).toContain("… and 47 more");
  expect(text.length).toBeLessThan(2000);
});

test("what is sensitive is said to be so, and what could not be looked at has its reason, line by line", () => {
  const text = driftText(
    report({
      verdict: "incomplete",
      stacks: [stack("a", { changedOutside: [changed("aws_vpc.x", { kind: "sensitive" })] })],
      unknown: [{ what: "stack b", reason: "plan ended with 1:\nno way", hint: "go there" }],
    }),
  );
  expect(text).toContain("nothing -> (sensitive)");
  expect(text).toContain("  stack b: plan ended with 1:\n    no way\n    -> go there");
});

test("nothing of a value steers a terminal or forges a line", () => {
  const hostile = '"\u001b[2J\u202e\u200b\n  development: no drift"';
  const text = driftText(
    report({ stacks: [stack("a", { changedOutside: [changed("aws_vpc.\nx", shown(hostile))] })] }),
  );
  expect(text).not.toMatch(/[\u001b\u202e\u200b]/);
  expect(text.split("\n").filter((line) => line.includes("no drift"))).toEqual([
    expect.stringContaining("tags.owner"),
  ]);
});
