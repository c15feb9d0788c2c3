import { loadEnvironment } from "../../../../environment/load";
import type { RegistryEntry } from "../../../../environment/naming";
import type { ClusterSpec } from "../../../../environment/schema";
import { judgeClusters, type ClusterFacts } from "../../../../operations/drift/clusters";
import type { StateSummary } from "../../../../operations/drift/states/state";
import { developmentFile } from "../../environment/problems";

const development = loadEnvironment(developmentFile);
const { alpha, bravo } = development.clusters;

type Role = ClusterSpec["role"];
type States = Readonly<Record<string, StateSummary | null>>;

const inFile = (roles: Readonly<Record<string, Role>>) => ({
  ...development,
  clusters: Object.fromEntries(
    Object.entries(roles).map(([name, role]) => [name, { ...(name === "alpha" ? alpha! : bravo!), role }]),
  ),
});
const state = (resources: number, role: StateSummary["role"] = null): StateSummary => ({ resources, role });
const entry = (name: string, kind: RegistryEntry["kind"]): RegistryEntry => ({
  ...{ name, kind, endpoint: "https://x.example.com", ca: "QUJD", version: "1.35" },
  deployer: "arn:aws:iam::111111111111:role/atlantis",
});

const standing: States = {
  "development-network": state(60),
  "development-mesh": state(80),
  "development-cluster-alpha": state(100, "active"),
  "development-cluster-bravo": state(50, "passive"),
  "development-platform-alpha": state(20),
};

const judge = (
  more: Omit<Partial<ClusterFacts>, "states"> & {
    readonly roles?: Readonly<Record<string, Role>>;
    readonly states?: States | null;
  },
) => {
  const { roles = { alpha: "active", bravo: "passive" }, states = {}, ...facts } = more;
  const judged = judgeClusters({
    environment: inFile(roles),
    states: states === null ? null : new Map(Object.entries({ ...standing, ...states })),
    whereOf: (name) => `s3://states/${name}`,
    entries: [entry("alpha", "self-managed"), entry("bravo", "eks")],
    weights: { alpha: 100 },
    ...facts,
  });
  return { ...judged, codes: judged.findings.map(({ code, object }) => `${code} ${object}`) };
};

test("clusters that are in the file, stand, are registered and have been applied so are in order", () => {
  expect(judge({})).toMatchObject({ codes: [], notes: [], withoutRole: [] });
});

test("a role that was not applied is told, and a step that would be skipped with the one that comes first", () => {
  expect(judge({ roles: { alpha: "passive", bravo: "active" } }).codes).toEqual([
    "role-not-applied alpha",
    "role-not-applied bravo",
  ]);
  const { findings } = judge({ roles: { alpha: "retiring", bravo: "active" }, weights: { bravo: 100 } });
  expect(findings[0]).toMatchObject({
    code: "step-skipped",
    object: "alpha",
    fix: expect.stringContaining("role: passive"),
  });
});

test("a removed cluster is told until its states are empty, and then that its entry can go", () => {
  const roles = { alpha: "active", bravo: "removed" } as const;
  const full = judge({ roles, states: { "development-cluster-bravo": state(50, "retiring") } });
  expect(full.findings).toMatchObject([
    { code: "removal-not-applied", text: expect.stringContaining("50 resources") },
  ]);
  const skipped = judge({ roles });
  expect(skipped.codes).toEqual(["step-skipped bravo"]);
  const empty = judge({
    roles,
    states: { "development-cluster-bravo": state(0) },
    entries: [entry("alpha", "self-managed")],
  });
  expect(empty).toMatchObject({ codes: [], notes: [expect.stringContaining("bravo")] });
});

test("a cluster that the file has forgotten is told with its way back, as far as it had come", () => {
  const roles = { alpha: "active" } as const;
  const [retiring] = judge({ roles, states: { "development-cluster-bravo": state(5, "retiring") } }).findings;
  expect(retiring).toMatchObject({
    code: "cluster-not-in-file",
    fix: expect.stringContaining("role: removed"),
  });
  const [passive] = judge({ roles }).findings;
  expect(passive).toMatchObject({
    code: "cluster-not-in-file",
    fix: expect.stringContaining("role: retiring"),
  });
  const platform = { "development-cluster-bravo": state(0), "development-platform-bravo": state(2) };
  expect(judge({ roles, states: platform }).codes).toEqual(["cluster-not-in-file bravo"]);
});

/** Files that have forgotten the cluster, and that take it away. */
const withoutBravo: readonly Readonly<Record<string, Role>>[] = [
  { alpha: "active" },
  { alpha: "active", bravo: "removed" },
];

test("a cluster whose role nobody knows is not removed by what is advised", () => {
  const fixOf = (facts: Parameters<typeof judge>[0]) => judge(facts).findings[0]?.fix ?? "";
  const states = { "development-cluster-bravo": state(50) };
  const forgotten = judge({ roles: { alpha: "active" }, states });
  expect(forgotten.withoutRole).toEqual(["bravo"]);
  expect(forgotten.findings).toMatchObject([{ code: "cluster-not-in-file" }]);
  expect(forgotten.findings[0]?.fix).toContain(
    "put it back into the file with the role that it has; find out",
  );
  const unreadable = { "development-cluster-bravo": null, "development-platform-bravo": state(2) };
  for (const roles of withoutBravo) {
    for (const unknown of [states, unreadable]) {
      const fix = fixOf({ roles, states: unknown });
      expect(fix).toContain("find out");
      expect(fix).not.toMatch(/role: removed|apply/);
    }
  }
});

test("a cluster with weight is drained before anything else", () => {
  const weights = { alpha: 90, bravo: 10 };
  const drain = /^first take its traffic away: skyline dial drain bravo --env development; then /;
  for (const roles of withoutBravo) {
    for (const role of ["retiring", null] as const) {
      const [finding] = judge({
        roles,
        weights,
        states: { "development-cluster-bravo": state(5, role) },
      }).findings;
      expect(finding?.fix).toMatch(drain);
    }
    const skipped = judge({ roles, weights }).findings[0];
    expect(skipped?.fix).toMatch(drain);
  }
});

test("an empty state of a cluster that is gone is its end, and nothing to tell", () => {
  const entries = [entry("alpha", "self-managed")];
  const states = { "development-cluster-bravo": state(0), "development-cluster-zulu": state(0) };
  expect(judge({ roles: { alpha: "active" }, states, entries }).codes).toEqual([]);
});

test("a state that no stack explains is told, unless it is empty", () => {
  const states = {
    "development-other": state(1),
    other: state(1),
    "development-cluster-": state(1),
    gone: state(0),
  };
  expect(judge({ states }).codes).toEqual([
    "state-unexplained s3://states/development-other",
    "state-unexplained s3://states/other",
    "state-unexplained s3://states/development-cluster-",
  ]);
});

test("entries without a cluster, clusters without an entry, and entries of another kind are told", () => {
  const entries = [entry("alpha", "eks"), entry("zulu", "eks")];
  expect(judge({ entries }).codes).toEqual([
    "entry-of-another-kind /skyline/development/clusters/alpha",
    "cluster-without-entry /skyline/development/clusters/bravo",
    "entry-without-cluster /skyline/development/clusters/zulu",
  ]);
});

test("weight on a cluster that retires, is removed, is unknown or does not stand is told", () => {
  const roles = { alpha: "active", bravo: "retiring", charlie: "passive" } as const;
  const states = { "development-cluster-bravo": state(5, "retiring") };
  const weights = { alpha: 40, bravo: 30, charlie: 20, zulu: 10 };
  expect(judge({ roles, states, weights }).codes).toEqual([
    "weight-without-cluster bravo",
    "weight-without-cluster charlie",
    "weight-without-cluster zulu",
  ]);
  const removed = { alpha: "active", bravo: "removed" } as const;
  expect(judge({ roles: removed, states, weights: { alpha: 90, bravo: 10 } }).codes).toContain(
    "weight-without-cluster bravo",
  );
});

test("what could not be read is taken for nothing", () => {
  const roles = { alpha: "retiring", bravo: "active" } as const;
  expect(judge({ roles, states: null, entries: null, weights: null }).codes).toEqual([]);
  const unreadable = { "development-cluster-alpha": null, "development-cluster-bravo": null };
  expect(judge({ states: unreadable, entries: [] }).codes).toEqual([]);
});

test("a state that does not say its role is unknown, not in order", () => {
  expect(judge({ states: { "development-cluster-alpha": state(100) } }).withoutRole).toEqual(["alpha"]);
});

test("a cluster may be called constructor", () => {
  const { codes } = judge({ weights: { alpha: 100, constructor: 0 }, entries: null });
  expect(codes).toEqual([]);
  expect(judge({ states: { "development-cluster-constructor": state(1, "retiring") } }).codes).toEqual([
    "cluster-not-in-file constructor",
  ]);
});
