import { loadEnvironment } from "../../../../environment/load";
import { apiHost } from "../../../../environment/naming";
import { judgeActive, type ActiveFacts } from "../../../../operations/drift/active";
import { OperationFailure } from "../../../../operations/failure";
import { developmentFile } from "../../environment/problems";

/** Its clusters are alpha, active and self-managed, and bravo, passive and on EKS. */
const environment = loadEnvironment(developmentFile);
const problem = new OperationFailure("unreachable", "it cannot be reached");
const dial = (weights: Readonly<Record<string, number>>, more: object = {}) => ({
  value: { weights, isInitial: false, ramp: null, ...more },
});

const agreed: ActiveFacts = {
  environment,
  file: "environments/development.yaml",
  parameter: { value: "alpha" },
  apiName: { value: apiHost("alpha", environment.domain) },
  dial: dial({ alpha: 100 }),
  isApplied: true,
};

const judge = (more: Partial<ActiveFacts>) => {
  const { view, findings } = judgeActive({ ...agreed, ...more });
  return {
    cluster: view.cluster,
    agrees: Object.fromEntries(view.sources.map(({ source, agrees }) => [source, agrees])),
    remarks: Object.fromEntries(view.sources.map(({ source, remark }) => [source, remark])),
    findings: findings.map(({ code }) => code),
    fixes: findings.map(({ fix }) => fix),
    texts: findings.map(({ text }) => text).join("\n"),
  };
};

const ALL = { parameter: true, file: true, "api-name": true, dial: true };

test("all that say the same agree", () => {
  expect(judge({})).toMatchObject({ cluster: "alpha", agrees: ALL, findings: [] });
});

test("the parameter decides: each of the others is to follow it", () => {
  expect(judge({ parameter: { value: "bravo" } })).toMatchObject({
    cluster: "bravo",
    agrees: { parameter: true, file: false, dial: false },
    findings: ["file-disagrees", "dial-disagrees"],
    fixes: [
      "skyline promote bravo --env development --dry-run prints the change of the file",
      "skyline dial set bravo=100 --env development",
    ],
  });
});

test("a name that leads elsewhere is to follow a self-managed cluster, and has no say beside one on EKS", () => {
  const apiName = { value: apiHost("charlie", environment.domain) };
  expect(judge({ apiName })).toMatchObject({
    agrees: { ...ALL, "api-name": false },
    fixes: ["skyline promote alpha --env development"],
  });
  expect(judge({ apiName, parameter: { value: "bravo" } }).agrees["api-name"]).toBeNull();
});

test.each(["parameter", "apiName", "dial"] as const)("%s that cannot be read is no agreement", (name) => {
  const { agrees, remarks, findings } = judge({ [name]: { problem } });
  const source = name === "apiName" ? "api-name" : name;
  expect(agrees[source]).toBeNull();
  expect(remarks[source]).toBe("unknown");
  expect(findings).toEqual([]);
});

test("without the parameter nobody agrees with anybody, whatever the others say", () => {
  const { cluster, agrees } = judge({ parameter: { problem } });
  expect(cluster).toBeNull();
  expect(Object.values(agrees)).toEqual([null, null, null, null]);
});

test.each([
  ["no parameter", undefined, "active-missing"],
  ["a cluster that is not in the file", "zulu", "active-not-in-file"],
  ["what every object has", "constructor", "active-not-in-file"],
  ["no name", "a secret\n", "active-not-in-file"],
] as const)("%s is a finding", (_, value, code) => {
  const { findings, texts, cluster } = judge({ parameter: { value } });
  expect(findings[0]).toBe(code);
  expect(texts).not.toContain("secret");
  expect(cluster === null || cluster === value).toBe(true);
});

test("a parameter that names a cluster that retires is a finding", () => {
  const { alpha, bravo } = environment.clusters;
  const clusters = {
    alpha: { ...alpha!, role: "retiring" as const },
    bravo: { ...bravo!, role: "active" as const },
  };
  expect(judge({ environment: { ...environment, clusters } }).findings).toContain("active-leaves");
});

test("what is missing because nothing was applied yet is no finding, and no agreement", () => {
  const nothing = { parameter: { value: undefined }, apiName: { value: undefined } };
  expect(judge({ ...nothing, isApplied: false })).toMatchObject({
    findings: [],
    agrees: { parameter: null, file: null, "api-name": null, dial: null },
  });
  expect(judge({ ...nothing, isApplied: null }).findings).toEqual(["active-missing", "api-name-missing"]);
});

test("a dial that is split is no agreement; on its way by a ramp it has no say, and by one that stands still it is told", () => {
  const weights = { alpha: 75, bravo: 25 };
  expect(judge({ dial: dial(weights) }).findings).toEqual(["dial-disagrees"]);
  const on = judge({ dial: dial(weights, { ramp: { to: "bravo", isRun: true } }) });
  expect(on).toMatchObject({ findings: [], agrees: { ...ALL, dial: null } });
  const interrupted = judge({ dial: dial(weights, { ramp: { to: "bravo", isRun: false } }) });
  expect(interrupted).toMatchObject({ findings: ["ramp-interrupted"], agrees: { ...ALL, dial: null } });
});

test("a dial that nobody has written is the file's, and says so when that is another", () => {
  const never = judge({ parameter: { value: "bravo" }, dial: dial({ alpha: 100 }, { isInitial: true }) });
  expect(never.texts).toContain("never written");
});
