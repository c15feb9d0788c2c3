import { DEFAULT_GATE, judge, type Evidence, type Reference } from "../../../../operations/dial/gate";
import type { Traffic } from "../../../../operations/dial/traffic";

/** Requests, errors, and how many took at most so many milliseconds and more than the bound before. */
function traffic(requests: number, errors: number, times: Readonly<Record<number, number>>): Traffic {
  const ends = Object.entries(times).map(([ms, count]) => [Number(ms) / 1000, count] as const);
  return { requests, errors, times: new Map(ends) };
}

/** All within 8 ms to 11 ms. */
const quick = (requests: number, errors = 0) => traffic(requests, errors, { 8: 0, 11.3: requests });
/** As quick, but for one in ten, which takes 181 ms to 256 ms. */
const slow = (requests: number) =>
  traffic(requests, 0, { 8: 0, 11.3: requests * 0.9, 181: 0, 256: requests * 0.1 });
/** As quick, but for one in a hundred and a half: more than 1 %, yet not by much. */
const slowish = (requests: number) =>
  traffic(requests, 0, { 8: 0, 11.3: requests * 0.985, 181: 0, 256: requests * 0.015 });

const alpha: Reference = { requests: 20_000, errors: 4, p99: 0.011 };

const evidence = (target: Traffic, more: Partial<Evidence> = {}): Evidence => ({
  ...{ target, source: alpha, windows: [], unread: [] },
  ...more,
});

/** Two windows, with the source of the whole step. */
const windows = (...targets: readonly Traffic[]) => targets.map((target) => ({ target, source: alpha }));

const verdict = (given: Evidence, settings = DEFAULT_GATE) => judge(given, settings).answer;

describe("errors", () => {
  test.each([
    ["none", quick(1000), "pass"],
    ["as many as at the source", quick(10_000, 2), "pass"],
    ["a little more, as is allowed", quick(10_000, 90), "pass"],
    ["every request", quick(200, 200), "fail"],
    ["every request, before there are enough for a pass", quick(20, 20), "fail"],
    ["five of five: the least for a failure", quick(5, 5), "fail"],
    ["four of four: too few for any answer", quick(4, 4), "inconclusive"],
    ["one in ten", quick(500, 50), "fail"],
    ["2 %, of many", quick(10_000, 200), "fail"],
    ["2 %, of few: it may be chance", quick(250, 5), "inconclusive"],
    ["1.2 %: above what is allowed, and not certainly", quick(10_000, 121), "inconclusive"],
  ])("%s", (_, target, answer) => {
    expect(verdict(evidence(target))).toBe(answer);
  });

  test("are compared with the source's: where both fail alike, nothing speaks against the target", () => {
    const source = { requests: 5000, errors: 500, p99: 0.011 };
    expect(verdict(evidence(quick(5000, 510), { source }))).toBe("pass");
    expect(verdict(evidence(quick(5000, 1000), { source }))).toBe("fail");
  });

  test("a source with few requests makes the same less certain", () => {
    const source = { requests: 210, errors: 2, p99: 0.011 };
    expect(verdict(evidence(quick(5000, 150), { source: { ...alpha, errors: 200 } }))).toBe("fail");
    expect(verdict(evidence(quick(5000, 150), { source }))).toBe("inconclusive");
  });

  test("that begin late fail in two windows, though the whole step hides them", () => {
    const whole = quick(1_000_000, 1000);
    expect(verdict(evidence(whole, { windows: windows(quick(2000, 500)) }))).toBe("pass");
    expect(verdict(evidence(whole, { windows: windows(quick(2000), quick(2000, 500)) }))).toBe("pass");
    expect(verdict(evidence(whole, { windows: windows(quick(2000, 500), quick(2000, 500)) }))).toBe("fail");
  });

  test("more may be allowed", () => {
    expect(verdict(evidence(quick(10_000, 200)), { ...DEFAULT_GATE, maxErrorIncrease: 5 })).toBe("pass");
  });
});

describe("p99", () => {
  test.each([
    ["as quick", windows(quick(500), quick(500)), quick(1000), "pass"],
    ["slow in two windows", windows(slow(500), slow(500)), slow(1000), "fail"],
    ["slow in one, and no other yet", windows(slow(500)), slow(500), "inconclusive"],
    ["slow in the first alone, and as a whole", windows(slow(500), quick(500)), slow(1000), "inconclusive"],
    ["slow in the first alone, long ago", windows(slow(500), quick(500)), quick(100_000), "pass"],
    ["slow in the last alone", windows(quick(500), slow(500)), quick(100_000), "inconclusive"],
    ["slow by chance: 3 of 200", windows(slowish(200), slowish(200)), slowish(400), "pass"],
    ["slow by no chance: 300 of 20000", windows(slowish(20_000), slowish(20_000)), slowish(40_000), "fail"],
    ["slow, of too few requests", [], slow(190), "inconclusive"],
  ])("%s", (_, given, target, answer) => {
    expect(verdict(evidence(target, { windows: given }))).toBe(answer);
  });

  test("20 ms more are always allowed", () => {
    const at30 = (count: number) => traffic(count, 0, { 22.6: 0, 32: count });
    const source = { ...alpha, p99: 0.002 };
    const given = windows(at30(500), at30(500)).map((window) => ({ ...window, source }));
    expect(verdict(evidence(at30(1000), { source, windows: given }))).toBe("fail");
    const faster = { ...alpha, p99: 0.014 };
    const allowed = given.map((window) => ({ ...window, source: faster }));
    expect(verdict(evidence(at30(1000), { source: faster, windows: allowed }))).toBe("pass");
  });

  test("a source that is slow in the same windows excuses the target", () => {
    const given = windows(slow(500), slow(500)).map((window) => ({
      ...window,
      source: { ...alpha, p99: 0.25 },
    }));
    expect(verdict(evidence(quick(100_000), { windows: given }))).toBe("pass");
  });

  test("the ratio may be another", () => {
    const given = evidence(slow(1000), { windows: windows(slow(500), slow(500)) });
    expect(verdict(given, { ...DEFAULT_GATE, maxP99Ratio: 30 })).toBe("pass");
  });

  test("streams have no end: a target of nothing else is judged by its errors", () => {
    const streams = traffic(1000, 0, {});
    expect(verdict(evidence(streams, { windows: windows(streams, streams) }))).toBe("pass");
  });
});

describe("what is not known", () => {
  test.each([
    ["no request at all", evidence(traffic(0, 0, {})), /the target had 0 requests, and 200 are wanted/],
    ["fewer requests than wanted", evidence(quick(199)), /the target had 199 requests/],
    ["no source, and none before", evidence(quick(1000), { source: null }), /no source to compare with: 0/],
    [
      "a source with too few requests",
      evidence(quick(1000), { source: { requests: 7, errors: 0, p99: 0.01 } }),
      /no source to compare with: 7 requests/,
    ],
    [
      "a gateway that cannot be read",
      evidence(quick(1000), { unread: ["gateway-2 cannot be read: timeout"] }),
      /gateway-2 cannot be read/,
    ],
  ])("%s is inconclusive", (_, given, reason) => {
    const { answer, reasons } = judge(given, DEFAULT_GATE);
    expect(answer).toBe("inconclusive");
    expect(reasons.join("; ")).toMatch(reason);
  });

  test("what is certain without it fails all the same", () => {
    expect(verdict(evidence(quick(100, 100), { unread: ["gateway-2 cannot be read: timeout"] }))).toBe(
      "fail",
    );
  });

  test("no failure is certain without a source", () => {
    expect(verdict(evidence(quick(1000, 1000), { source: null }))).toBe("inconclusive");
    const nothing = { requests: 0, errors: 0, p99: null };
    expect(verdict(evidence(quick(1000, 1000), { source: nothing }))).toBe("inconclusive");
  });
});

test("says why in figures", () => {
  expect(judge(evidence(quick(1000, 4)), DEFAULT_GATE).reasons).toEqual([
    "0.40 % of 1000 requests failed, at the source 0.02 % of 20000; p99 11 ms, at the source 11 ms",
  ]);
  expect(judge(evidence(quick(1000, 300)), DEFAULT_GATE).reasons).toEqual([
    "30.0 % of 1000 requests failed, at the source 0.02 % of 20000, more than 1 points above are allowed",
  ]);
});
