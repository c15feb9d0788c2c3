import type { ClusterState } from "../../../../operations/dial/clusters";
import { assertAllowed, violations, type Wanted } from "../../../../operations/dial/guards";

const cluster = (name: string, of: Partial<ClusterState> = {}): ClusterState => ({
  ...{ name, kind: "eks", role: "passive", workers: 2 },
  ...of,
});
const clusters = [
  cluster("alpha", { role: "active" }),
  cluster("bravo"),
  cluster("empty", { workers: 0 }),
  cluster("retiring", { role: "retiring" }),
  cluster("removed", { role: "removed", workers: 0 }),
];
const now = Date.parse("2026-01-31T12:00:00Z");

const wanted = (of: Partial<Wanted>): Wanted => ({
  action: "set",
  from: { alpha: 100 },
  to: { alpha: 75, bravo: 25 },
  clusters,
  changedAt: "2026-01-31T11:00:00Z",
  now,
  limits: { maxStep: 50, minHold: 60 },
  ...of,
});
const found = (of: Partial<Wanted>) =>
  violations(wanted(of)).map(
    ({ kind, message, overridable }) => `${kind}${overridable ? " (overridable)" : ""}: ${message}`,
  );

test("a change within all limits is allowed", () => {
  expect(found({})).toEqual([]);
});

test("what is no weights is invalid, and nothing else is said", () => {
  expect(found({ to: { ghost: 99 } })).toEqual(["invalid: the sum of the weights is 99, and not 100"]);
});

test.each([
  { alpha: 50, ghost: 50 },
  { alpha: 100, ghost: 0 },
])("%j names an unknown cluster", (to) => {
  expect(found({ to })).toEqual([
    "invalid: ghost is no cluster of this environment, which has alpha, bravo, empty, retiring, removed",
  ]);
});

test.each([
  ["retiring", ["refused: retiring is retiring: it gets no traffic any more"]],
  [
    "removed",
    [
      "refused: removed is removed: it gets no traffic any more",
      "refused: removed has no healthy worker in Consul",
    ],
  ],
  ["empty", ["refused: empty has no healthy worker in Consul"]],
])("nothing lets %s rise", (name, expected) => {
  const to = { alpha: 75, [name]: 25 };
  for (const action of ["set", "ramp", "back", "drain", "return"] as const) {
    expect(found({ to, action, override: "I insist" })).toEqual(expected);
  }
});

test.each(["retiring", "removed", "empty", "ghost"])("%s may keep what it has, and fall", (name) => {
  expect(found({ from: { alpha: 75, [name]: 25 }, to: { alpha: 75, [name]: 25 } })).toEqual([]);
  expect(found({ from: { alpha: 75, [name]: 25 }, to: { alpha: 80, [name]: 20 } })).toEqual([]);
  expect(found({ from: { alpha: 75, [name]: 25 }, to: { alpha: 100 } })).toEqual([]);
});

test("a rise above the step is refused, and can be overridden", () => {
  const message =
    "refused (overridable): bravo would rise by 51 points at once, and 50 are allowed (mesh.dial.maxStep)";
  expect(found({ to: { alpha: 49, bravo: 51 } })).toEqual([message]);
  expect(found({ to: { alpha: 49, bravo: 51 }, action: "ramp" })).toEqual([message]);
  expect(found({ to: { alpha: 50, bravo: 50 } })).toEqual([]);
  expect(found({ to: { alpha: 49, bravo: 51 }, override: "it burns" })).toEqual([]);
});

test("a change within the hold is refused, and can be overridden", () => {
  const early = { changedAt: "2026-01-31T11:59:00.001Z" };
  const message =
    "refused (overridable): the dial was changed at 2026-01-31T11:59:00.001Z, 59 s ago, and is to stand for 60 s (mesh.dial.minHold)";
  expect(found(early)).toEqual([message]);
  expect(found({ ...early, override: "it burns" })).toEqual([]);
  expect(found({ changedAt: "2026-01-31T11:59:00Z" })).toEqual([]);
  expect(found({ changedAt: undefined })).toEqual([]);
});

test.each(["back", "drain", "return"] as const)("%s keeps neither step nor hold", (action) => {
  expect(found({ action, to: { bravo: 100 }, changedAt: "2026-01-31T11:59:59Z" })).toEqual([]);
});

test("when nobody can tell what is in force, all of it is a rise", () => {
  expect(found({ from: null, to: { alpha: 100 } })).toEqual([
    "refused (overridable): alpha would rise by 100 points at once, and 50 are allowed (mesh.dial.maxStep)",
  ]);
});

test("all violations are in one message, and the worst of them names its kind", () => {
  const bad = wanted({ to: { ghost: 20, empty: 80 }, changedAt: "2026-01-31T11:59:59Z" });
  expect(() => assertAllowed(bad)).toThrow(
    expect.objectContaining({
      kind: "invalid",
      message: expect.stringMatching(
        /^ghost is no cluster .*; empty has no healthy worker in Consul; empty would rise by 80 points .*; the dial was changed at /,
      ) as string,
    }),
  );
  expect(() => assertAllowed(wanted({ to: { bravo: 100 } }))).toThrow(
    expect.objectContaining({ kind: "refused", hint: expect.stringContaining("--override") as string }),
  );
});
