import { transact } from "../../consul/transaction";
import { readPosition } from "../change";
import { withLock } from "../lock";
import type { Weights } from "../weights";
import { stepsOf } from "./plan";
import { putBack } from "./put-back";
import { readRamp, removeRamp, type RampRecord } from "./record";
import type { RampContext } from "./request";
import { takeOver } from "./takeover";

export interface AbortResult {
  readonly environment: string;
  /**
   * - `none`: no ramp is on
   * - `restored`: the recorded weights are back, and served by all gateways
   * - `forgotten`: the dial was changed since, or the record cannot be read, so the dial stays as it is
   */
  readonly outcome: "none" | "restored" | "forgotten";
  /** The ramp's; null when there is none, or none that can be read. */
  readonly ramp: RampRecord | null;
  /** In force now, or after it; null when nobody can tell. */
  readonly dial: { readonly generation: number; readonly weights: Weights } | null;
  readonly dryRun: boolean;
}

/**
 * Ends a ramp whose process is gone: puts the recorded weights back. What was put back and not served by all gateways is
 * waited for again.
 *
 * @throws OperationFailure unrestored, when gateways do not follow; conflict, when the ramp's process lives
 */
export async function abortRamp(
  context: RampContext & { readonly why?: string; readonly dryRun: boolean },
): Promise<AbortResult> {
  const { environment, consul, dryRun, by } = context;
  const name = environment.environment;
  const { record = null, index, text } = await readRamp(consul, name);
  const { current } = await readPosition(consul, environment);
  const result = { environment: name, ramp: record, dryRun };
  if (text === undefined) return { ...result, outcome: "none", dial: current };
  if (record === null || current?.generation !== record.generation) {
    if (!dryRun) {
      await withLock({ consul, environment: name, by, what: "the end of a ramp" }, async (lock) => {
        const hint = `skyline dial status --env ${name}`;
        await transact(consul, [lock.held, removeRamp(name, index)], hint);
      });
    }
    return { ...result, outcome: "forgotten", dial: current };
  }
  if (dryRun) {
    const { generation, weights } = record.before;
    return { ...result, outcome: "restored", dial: { generation, weights } };
  }
  const dial = await takeOver(context, record.run, `the end of a ramp to ${record.to}`, async (journal) => {
    const { at, before, phase } = journal.record;
    const step = phase === "returning" ? undefined : stepsOf(journal.record)[at];
    const why = context.why ?? `the ramp was aborted by ${by}`;
    return putBack(context, journal, step?.weights ?? before.weights, why);
  });
  return { ...result, outcome: "restored", dial };
}
