import { lockHolder } from "../lock";
import { showWeights } from "../weights";
import { runRamp } from "./engine";
import { continueRamp, type HoldResult } from "./hold";
import { stepsOf } from "./plan";
import type { RampRecord } from "./record";
import type { RampContext, RampResult } from "./request";
import { readWholeRamp, takeOver } from "./takeover";

/** This process has gone on with the ramp, or the one that runs it was told to, or it was a dry run. */
export type ResumeResult =
  | { readonly took: "over"; readonly ramp: RampResult }
  | { readonly took: "off"; readonly hold: HoldResult }
  | { readonly took: "nothing"; readonly record: RampRecord };

/**
 * Goes on with a ramp: takes the hold off one that lives, or takes over one whose process is gone, from the recorded step,
 * which is held anew.
 *
 * @throws OperationFailure as `ramp`; refused, when no ramp is on; conflict, when it lives and is not held, or somebody has
 *   changed the dial since
 */
export async function resumeRamp(
  context: RampContext & { readonly why?: string; readonly dryRun: boolean },
): Promise<ResumeResult> {
  const { environment, consul, by, why, dryRun } = context;
  const name = environment.environment;
  const { record } = await readWholeRamp(context);
  const holder = await lockHolder(consul, name);
  if (record.phase === "paused" && holder?.run === record.run) {
    return { took: "off", hold: await continueRamp({ environment: name, consul, by, why, dryRun }) };
  }
  if (dryRun) return { took: "nothing", record };
  const ramp = await takeOver(context, record.run, `a ramp to ${record.to}, resumed`, async (journal) => {
    const { at, steps, phase } = journal.record;
    const inForce = stepsOf(journal.record)[at]?.weights ?? journal.record.before.weights;
    context.report(`going on after step ${at + 1} of ${steps.length}: ${showWeights(inForce)}`);
    if (phase === "paused") await journal.save(() => ({ phase: "holding" }));
    return runRamp(context, journal);
  });
  return { took: "over", ramp };
}
