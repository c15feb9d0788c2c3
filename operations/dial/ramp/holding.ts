import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "../../failure";
import { judge, type Verdict } from "../gate";
import { Meter, type Measured } from "../meter";
import type { Weights } from "../weights";
import type { Journal } from "./journal";
import { Measurement } from "./measurement";
import { sourcesOf } from "./plan";
import type { RampRecord } from "./record";
import type { RampContext } from "./request";

/** How a step's hold has ended. */
export interface Held {
  readonly answer: "pass" | "fail" | "timeout";
  /** Of the last verdict. */
  readonly reasons: readonly string[];
  readonly seconds: number;
}

/**
 * What is counted at first is left out: a gateway's counts are up to 2 s old (its log is flushed each second, and counted
 * each second), and kept connections may still carry a request under the dial before.
 */
const SETTLE_MS = 3000;
const LOOK_MS = 1000;
/** A verdict that stays the same is written and told so often. */
const TELL_SECONDS = 15;

/**
 * Measures a step each second. It fails as soon as that is certain, passes at the end of its hold or later, and is given up
 * when it stays inconclusive. A ramp that is held is measured as well, and fails as well: only the way on is closed, and
 * no time runs out.
 *
 * @param weights in force
 * @throws OperationFailure conflict, when the lock is lost; interrupted
 */
export async function hold(context: RampContext, journal: Journal, weights: Weights): Promise<Held> {
  const { to, gate, holdSeconds, timeoutSeconds, reference } = journal.record;
  const meter = new Meter(context.consul.uninterrupted());
  const sources = sourcesOf(weights, to);
  const measurement = new Measurement({ target: to, sources, reference, minRequests: gate.minRequests });
  const teller = new Teller(context, journal, measurement);
  const started = performance.now();
  let pausedSeconds = 0;
  let last = started;
  await wait(context, SETTLE_MS);
  for (;;) {
    measurement.add(await readOrSay(meter));
    const verdict = judge(measurement.evidence, gate);
    const paused = await isPaused(journal);
    const now = performance.now();
    if (paused) pausedSeconds += (now - last) / 1000;
    last = now;
    const seconds = (now - started) / 1000;
    const ended = endOf(verdict, {
      paused,
      seconds,
      holdSeconds,
      isLate: seconds - pausedSeconds >= timeoutSeconds,
    });
    await teller.tell(verdict, { seconds, paused, isLast: ended !== undefined && verdict.answer !== "fail" });
    if (ended !== undefined) return { answer: ended, reasons: verdict.reasons, seconds };
    await wait(context, LOOK_MS);
  }
}

/**
 * Measures the source before a step that leaves it nothing: what the target is compared with from then on.
 * @returns false when it has too few requests for that, within the ramp's timeout
 */
export async function measureSource(
  context: RampContext,
  journal: Journal,
  weights: Weights,
): Promise<boolean> {
  const { to, gate, timeoutSeconds } = journal.record;
  const meter = new Meter(context.consul.uninterrupted());
  const options = {
    target: to,
    sources: sourcesOf(weights, to),
    reference: null,
    minRequests: gate.minRequests,
  };
  const measurement = new Measurement(options);
  for (const started = performance.now(); performance.now() - started < timeoutSeconds * 1000;) {
    measurement.add(await readOrSay(meter));
    const { reference } = measurement;
    if (reference !== null) {
      await journal.save(() => ({ reference }));
      return true;
    }
    await wait(context, LOOK_MS);
  }
  return false;
}

/** @throws OperationFailure interrupted */
export function checkInterrupt({ signal }: RampContext): void {
  if (signal?.aborted === true) throw new OperationFailure("interrupted", "interrupted");
}

/** @throws OperationFailure interrupted, at once when it comes */
export async function wait(context: RampContext, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: context.signal }).catch(() => undefined);
  checkInterrupt(context);
}

interface Moment {
  readonly paused: boolean;
  readonly seconds: number;
  readonly holdSeconds: number;
  readonly isLate: boolean;
}

function endOf(
  { answer }: Verdict,
  { paused, seconds, holdSeconds, isLate }: Moment,
): Held["answer"] | undefined {
  if (answer === "fail") return "fail";
  if (paused || seconds < holdSeconds) return undefined;
  if (answer === "pass") return "pass";
  return isLate ? "timeout" : undefined;
}

/** While Consul has no leader nobody knows which gateways there are, which is no reason to give up. */
async function readOrSay(meter: Meter): Promise<Measured> {
  try {
    return await meter.read();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return { seconds: 0, clusters: {}, unread: [(error as Error).message] };
  }
}

async function isPaused(journal: Journal): Promise<boolean> {
  try {
    return (await journal.refresh()).phase === "paused";
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return journal.record.phase === "paused";
  }
}

const isUnreachable = (error: unknown) => error instanceof OperationFailure && error.kind === "unreachable";

/** Tells and writes a verdict when it is another, and now and then. */
class Teller {
  private answer: string | undefined;
  private toldAt = 0;

  constructor(
    private readonly context: RampContext,
    private readonly journal: Journal,
    private readonly measurement: Measurement,
  ) {}

  async tell(
    { answer, reasons }: Verdict,
    {
      seconds,
      paused,
      isLast,
    }: { readonly seconds: number; readonly paused: boolean; readonly isLast: boolean },
  ): Promise<void> {
    const what = paused ? `held, ${answer}` : answer;
    if (what === this.answer && seconds - this.toldAt < TELL_SECONDS && !isLast) return;
    this.answer = what;
    this.toldAt = seconds;
    const words = reasons.join("; ");
    this.context.report(
      `${what} after ${Math.floor(seconds)} s of ${this.journal.record.holdSeconds} s: ${words}`,
    );
    // A failure is written with what follows from it, which must not wait.
    if (answer === "fail") return;
    const { reference } = this.measurement;
    const reason = `${answer}: ${words}`;
    // Of a ramp that is held the record says who holds it.
    const change = ({ phase }: RampRecord) => ({ reference, ...(phase === "paused" ? {} : { reason }) });
    await this.journal.save(change).catch((error: unknown) => {
      if (!isUnreachable(error)) throw error;
    });
  }
}
