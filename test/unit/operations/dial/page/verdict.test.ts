import { blind, judge, wanted } from "../../../../../operations/dial/page/verdict";
import type { DialSnapshot } from "../../../../../operations/dial/status";
import { dialSnapshot, gatewayView, rampRecord, traffic } from "../../../../support/dial-snapshot";

const NOW = Date.parse("2026-11-22T03:12:00.000Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const judged = (change: Partial<DialSnapshot>) => judge(dialSnapshot(change, NOW));
const texts = (change: Partial<DialSnapshot>) => judged(change).findings.map(({ text }) => text);
const live = (alpha: number, bravo: number, errorRate = 0) => ({
  ...{ seconds: 10, unread: [] },
  clusters: {
    alpha: traffic(alpha, alpha / (alpha + bravo)),
    bravo: traffic(bravo, bravo / (alpha + bravo), errorRate),
  },
});
const holder = { run: "run-1", by: "anna@laptop", what: "ramp to bravo", at: ago(900), session: "s" };

test("says where traffic goes, and that all follow", () => {
  expect(judged({})).toEqual({
    level: "good",
    headline: "75 % to alpha, 25 % to bravo. All 3 gateways follow",
    findings: [],
  });
});

test("a new environment has no dial, and is in order", () => {
  const gateways = [gatewayView(1, { generation: 0, weights: { alpha: 100 } })];
  const verdict = judged({ desired: null, gateways, log: [], live: null });
  expect(verdict).toEqual({
    level: "good",
    headline: "All traffic goes to alpha. The gateway follows",
    findings: [],
  });
});

test.each([[[]], [[gatewayView(1, { generation: 0, weights: {} })]], [[gatewayView(1, { weights: null })]]])(
  "without a dial, gateways %j say nothing of where traffic goes",
  (gateways) => {
    const snapshot = dialSnapshot({ desired: null, gateways });
    expect(wanted(snapshot)).toBeUndefined();
    expect(judge(snapshot).headline).toMatch(/^Nobody says where traffic goes\. /);
  },
);

const lagging = gatewayView(2, { generation: 6, follows: false, problem: "serves generation 6, not 7" });

test.each([
  [5, "attention"],
  [600, "wrong"],
])("a gateway that lags %d s after the change is %s", (seconds, level) => {
  const { desired } = dialSnapshot({}, NOW);
  const change = { gateways: [gatewayView(1), lagging], desired: { ...desired!, at: ago(seconds) } };
  expect(judged(change)).toMatchObject({
    level,
    headline: "75 % to alpha, 25 % to bravo. 1 of 2 gateways follow",
    findings: [{ level, text: "Gateway gateway-2 does not follow: serves generation 6, not 7." }],
  });
});

test("a gateway that is gone is told of, and stops nothing", () => {
  const gone = gatewayView(2, { problem: "is gone: critical in Consul, and does not answer" });
  expect(judged({ gateways: [gatewayView(1), gone] })).toMatchObject({
    level: "attention",
    findings: [{ text: "Gateway gateway-2 is gone: critical in Consul, and does not answer." }],
  });
});

test("no gateway at all is wrong", () => {
  expect(judged({ gateways: [] })).toMatchObject({
    level: "wrong",
    headline: "75 % to alpha, 25 % to bravo. There is no gateway",
  });
});

test("what is wrong with the key is told", () => {
  expect(texts({ problem: "the key of the dial cannot be read: it is no JSON" })).toEqual([
    "The key of the dial cannot be read: it is no JSON.",
  ]);
});

test.each([
  ["holding", holder, "good", []],
  ["paused", holder, "attention", ["The ramp to bravo is held: held by anna@laptop: a look."]],
  ["returning", holder, "wrong", ["The ramp to bravo puts the weights back: held by anna@laptop: a look."]],
  [
    "holding",
    null,
    "attention",
    ["The ramp to bravo has lost its operator. Go on with it, or put the weights back."],
  ],
] as const)("a ramp that is %s, with the lock of %o", (phase, lock, level, told) => {
  const ramp = rampRecord({ phase, reason: "held by anna@laptop: a look" }, NOW);
  expect(judged({ ramp, lock }).level).toBe(level);
  expect(texts({ ramp, lock })).toEqual(told);
});

test("a weight for a cluster that is dead, or that nobody knows, is wrong", () => {
  const [alpha, bravo] = dialSnapshot().clusters;
  expect(texts({ clusters: [alpha!, { ...bravo!, workers: 0 }] })).toEqual([
    "bravo has a weight of 25, and no healthy worker.",
  ]);
  expect(texts({ clusters: [alpha!] })).toEqual([
    "bravo has a weight of 25, and the environment file does not know it.",
  ]);
});

test.each([
  [0.005, "good"],
  [0.02, "attention"],
  [0.2, "wrong"],
])("an error rate of %d is %s", (rate, level) => {
  expect(judged({ live: live(750, 250, rate) }).level).toBe(level);
});

test("errors of few requests say nothing", () => {
  expect(judged({ live: live(30, 10, 0.5) }).level).toBe("good");
});

test("a share that is another than the weight is told of, once old connections are gone", () => {
  const { desired } = dialSnapshot({}, NOW);
  const change = (seconds: number) => ({
    ...{ live: live(5000, 5000), desired: { ...desired!, at: ago(seconds) } },
  });
  expect(texts(change(120))).toContain(
    "bravo gets another share than its weight. The dial says alpha 75, bravo 25.",
  );
  expect(texts(change(15))).toEqual([]);
  // 20 of 60 instead of 15: chance.
  expect(texts({ live: live(40, 20) })).toEqual([]);
});

test("a gateway whose counts cannot be read is told of", () => {
  expect(texts({ live: { ...live(75, 25), unread: ["gateway-2: no answer"] } })).toEqual([
    "The traffic of a gateway is not counted here: gateway-2: no answer.",
  ]);
});

test("the worst comes first", () => {
  const { findings } = judged({
    ramp: rampRecord({ phase: "paused", reason: null }),
    lock: holder,
    problem: "x",
  });
  expect(findings.map(({ level }) => level)).toEqual(["wrong", "attention"]);
});

test("who cannot look says that gateways go on", () => {
  expect(blind(dialSnapshot(), "Consul cannot be reached")).toEqual({
    level: "wrong",
    headline: "The dial cannot be read. Gateways go on with the weights they have",
    findings: [{ level: "wrong", text: "The dial cannot be read: Consul cannot be reached" }],
  });
  expect(blind(null, "x").headline).toBe("The dial cannot be read, and was not read before");
});
