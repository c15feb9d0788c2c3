import { quantile, slowerThan, timed, type Traffic } from "./traffic";

/** When a ramp's step is good enough to go on. */
export interface GateSettings {
  /** Points by which the target's share of 5xx may be above the source's. */
  readonly maxErrorIncrease: number;
  /** Times the source's p99 that the target's may be; 20 ms more are always allowed. */
  readonly maxP99Ratio: number;
  /** Requests of the target without which there is no answer. */
  readonly minRequests: number;
}

export const DEFAULT_GATE: GateSettings = { maxErrorIncrease: 1, maxP99Ratio: 1.5, minRequests: 200 };

/** What the target is compared with: the clusters that give, in few figures. */
export interface Reference {
  readonly requests: number;
  readonly errors: number;
  /** Seconds; null without requests that have an end. */
  readonly p99: number | null;
}

export interface Evidence {
  /** Of the target, since the step is in force. */
  readonly target: Traffic;
  /** Of the source over the same time, or what it had before; null when nothing is known. */
  readonly source: Reference | null;
  /** The same time in pieces, in their order; what has come since the last of them is not among them. */
  readonly windows: readonly { readonly target: Traffic; readonly source: Reference | null }[];
  /** Gateways of which nothing is known now, each with why. */
  readonly unread: readonly string[];
}

/** Three answers: to go on, to go back, and to wait for more. */
export interface Verdict {
  readonly answer: "pass" | "fail" | "inconclusive";
  /** In words, with figures; one at least. */
  readonly reasons: readonly string[];
}

/**
 * Judges a target by its source. It fails when that is certain, and passes when nothing speaks against it: what lies
 * between, a bad figure that may be chance, is inconclusive, and more requests will tell.
 *
 * Errors are certain when the lower bound of the difference of both shares (Newcombe's, of two Wilson intervals) is above
 * what is allowed, with 5 errors at least. A p99 is certain when the lower bound of the share of requests that took longer
 * than allowed is above 1 %, in two windows one after the other: what is slow for a moment, as a cluster is that warms
 * up, is given a second one. The bounds are those of 99 % and not of 95 %, because a step is judged each second, and each
 * look is a chance to be wrong.
 */
export function judge(evidence: Evidence, settings: GateSettings): Verdict {
  const failures = [...certainErrors(evidence, settings), ...certainSlowness(evidence, settings)];
  if (failures.length > 0) return { answer: "fail", reasons: failures };
  const doubts = [...unknowns(evidence, settings), ...suspicions(evidence, settings)];
  if (doubts.length > 0) return { answer: "inconclusive", reasons: doubts };
  return { answer: "pass", reasons: [summary(evidence)] };
}

/** z of a two-sided 99 %. */
const Z = 2.576;
const LEAST_ERRORS = 5;
/** Seconds that a p99 may always be longer: between 2 ms and 3 ms lies no outage. */
const LEAST_SLOWER = 0.02;

function certainErrors({ target, source, windows }: Evidence, settings: GateSettings): string[] {
  const exceeds = (piece: Traffic, compared: Reference | null) =>
    compared !== null &&
    piece.errors >= LEAST_ERRORS &&
    lowerDifference(piece, compared) > settings.maxErrorIncrease / 100;
  const [before, last] = windows.slice(-2);
  // Over the whole step, or in two windows: after an hour's hold the whole would hide what fails now for minutes.
  if (exceeds(target, source)) return [`${errorsOf(target, source)}, more than ${allowedErrors(settings)}`];
  if (before && last && exceeds(before.target, before.source) && exceeds(last.target, last.source)) {
    return [`lately ${errorsOf(last.target, last.source)}, more than ${allowedErrors(settings)}`];
  }
  return [];
}

function certainSlowness({ source, windows }: Evidence, settings: GateSettings): string[] {
  const slow = windows
    .slice(-2)
    .map((window) => isSlow(window.target, slower(window.source, source), settings));
  const last = windows.at(-1);
  if (slow.length < 2 || slow.includes(false) || last === undefined) return [];
  return [`${p99Of(last.target, slower(last.source, source))}, in two windows: ${allowedTime(settings)}`];
}

function unknowns({ target, source, unread }: Evidence, { minRequests }: GateSettings): string[] {
  return [
    ...unread,
    ...(target.requests < minRequests
      ? [`the target had ${target.requests} requests, and ${minRequests} are wanted`]
      : []),
    ...(source === null || source.requests < minRequests
      ? [
          `there is no source to compare with: ${source?.requests ?? 0} requests, and ${minRequests} are wanted`,
        ]
      : []),
  ];
}

function suspicions({ target, source, windows }: Evidence, settings: GateSettings): string[] {
  if (source === null || target.requests === 0) return [];
  const more = rate(target) - rate(source);
  const last = windows.at(-1);
  const slow =
    isSlow(target, source, settings) ||
    (last !== undefined && isSlow(last.target, slower(last.source, source), settings));
  return [
    ...(more > settings.maxErrorIncrease / 100
      ? [`${errorsOf(target, source)}: more than ${allowedErrors(settings)}, though it may be chance`]
      : []),
    ...(slow ? [`${p99Of(target, source)}: ${allowedTime(settings)}, though not in two windows yet`] : []),
  ];
}

/** Of two references the one with the longer p99: who is as slow as the source ever is in this step is not too slow. */
function slower(one: Reference | null, other: Reference | null): Reference | null {
  return (one?.p99 ?? -1) >= (other?.p99 ?? -1) ? one : other;
}

/** Whether it is certain that more than 1 % took longer than allowed. */
function isSlow({ times }: Traffic, source: Reference | null, settings: GateSettings): boolean {
  const count = timed(times);
  const p99 = source?.p99 ?? null;
  if (p99 === null || count < settings.minRequests) return false;
  return wilson(slowerThan(times, limitOf(p99, settings)), count).lower > 0.01;
}

const limitOf = (p99: number, { maxP99Ratio }: GateSettings) =>
  Math.max(p99 * maxP99Ratio, p99 + LEAST_SLOWER);

/** The least by which the target's share of errors is above the source's. */
function lowerDifference(target: Traffic, source: Reference): number {
  const below = rate(target) - wilson(target.errors, target.requests).lower;
  const above = wilson(source.errors, source.requests).upper - rate(source);
  return rate(target) - rate(source) - Math.hypot(below, above);
}

/** Wilson's score interval of a share. */
function wilson(hits: number, of: number): { readonly lower: number; readonly upper: number } {
  if (of === 0) return { lower: 0, upper: 1 };
  const [share, square] = [hits / of, Z * Z];
  const middle = (share + square / (2 * of)) / (1 + square / of);
  const half = (Z / (1 + square / of)) * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of));
  return { lower: Math.max(0, middle - half), upper: Math.min(1, middle + half) };
}

const rate = ({ requests, errors }: { readonly requests: number; readonly errors: number }) =>
  requests === 0 ? 0 : errors / requests;

function summary({ target, source }: Evidence): string {
  return `${errorsOf(target, source)}; ${p99Of(target, source)}`;
}

const errorsOf = (target: Traffic, source: Reference | null) =>
  `${percent(rate(target))} of ${target.requests} requests failed, at the source ${
    source === null ? "unknown" : `${percent(rate(source))} of ${source.requests}`
  }`;

const p99Of = ({ times }: Traffic, source: Reference | null) =>
  `p99 ${milliseconds(quantile(times, 0.99))}, at the source ${milliseconds(source?.p99 ?? null)}`;

const allowedErrors = ({ maxErrorIncrease }: GateSettings) => `${maxErrorIncrease} points above are allowed`;
const allowedTime = ({ maxP99Ratio }: GateSettings) => `${maxP99Ratio} times that are allowed`;

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
const milliseconds = (seconds: number | null) =>
  seconds === null ? "unknown" : `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
