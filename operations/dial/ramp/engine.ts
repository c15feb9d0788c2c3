import { OperationFailure } from "../../failure";
import { clusterStates } from "../clusters";
import { follow, laggards } from "../follow";
import { violations } from "../guards";
import { showWeights, type Weights } from "../weights";
import { checkInterrupt, hold, measureSource, wait } from "./holding";
import type { Journal } from "./journal";
import { sourcesOf, stepsOf, type Step } from "./plan";
import { putBack } from "./put-back";
import type { RampContext, RampResult, StepResult } from "./request";

/**
 * Goes on with a ramp from where its record says that it is, to its end: each step is written, followed by all gateways,
 * and held; a step in force is followed and held anew. A step that is not followed, or fails, puts the recorded weights
 * back.
 *
 * @throws OperationFailure restored or unrestored, when a step failed; timeout, when one stayed inconclusive; interrupted; unreachable;
 *   conflict, when the lock is lost
 */
export async function runRamp(context: RampContext, journal: Journal): Promise<RampResult> {
  const environment = context.environment.environment;
  const { run, to, before } = journal.record;
  const plan = stepsOf(journal.record);
  const taken: StepResult[] = [];
  const inForce = () => plan[journal.record.at]?.weights ?? before.weights;
  try {
    if (journal.record.phase === "returning") {
      await fail(context, journal, before.weights, journal.record.reason ?? "the ramp was being put back");
    }
    for (;;) {
      checkInterrupt(context);
      const step = plan[journal.record.at];
      if (step !== undefined) taken.push(await serve(context, journal, step));
      const next = plan[journal.record.at + 1];
      if (next === undefined) break;
      await take(context, journal, next, inForce());
    }
  } catch (error) {
    throw error instanceof OperationFailure && (error.kind === "interrupted" || error.kind === "unreachable")
      ? stays(context, journal, error.kind, error.message, inForce())
      : error;
  }
  const { generation } = journal.record;
  await journal.end();
  return { environment, run, to, steps: taken, weights: inForce(), generation };
}

/** How long a ramp that is held before its first step waits until it looks again. */
const HELD_MS = 1000;

/** Writes a step, unless the ramp is held: then the step in force is held on. */
async function take(context: RampContext, journal: Journal, step: Step, inForce: Weights): Promise<void> {
  const { at, to, reference, why, steps } = journal.record;
  if (reference === null && sourcesOf(step.weights, to).length === 0) {
    context.report("measuring the source, which the step leaves nothing");
    if (!(await measureSource(context, journal, inForce))) {
      throw stays(context, journal, "timeout", "the source has too few requests to compare with", inForce);
    }
  }
  const refused = await journal.insist(() => refusals(context, step.weights, inForce));
  if (refused.length > 0)
    await fail(context, journal, inForce, `step ${step.share} is refused: ${refused.join("; ")}`);
  const change = { action: "ramp" as const, weights: step.weights, why };
  if (!(await journal.change(change, { at: at + 1, phase: "following" }))) {
    return wait(context, HELD_MS);
  }
  context.report(
    `step ${at + 2} of ${steps.length}: ${showWeights(step.weights)}, generation ${journal.record.generation}`,
  );
}

/** Who has become unfit to get more since the ramp began. Step and hold were looked at for the whole plan then. */
async function refusals({ environment, consul }: RampContext, to: Weights, from: Weights): Promise<string[]> {
  const clusters = await clusterStates(environment, consul.uninterrupted());
  const limits = environment.mesh.dial;
  const wanted = {
    action: "ramp" as const,
    from,
    to,
    clusters,
    changedAt: undefined,
    now: Date.now(),
    limits,
  };
  return violations({ ...wanted, override: "looked at before" }).map(({ message }) => message);
}

/** Waits until all gateways serve the step in force, and holds it. */
async function serve(context: RampContext, journal: Journal, { share, weights }: Step): Promise<StepResult> {
  const { generation, followSeconds } = journal.record;
  const timeoutMs = followSeconds * 1000;
  const signal = either(context.signal, journal.lost);
  const consul = context.consul.uninterrupted();
  const { followed, gateways, seconds } = await journal
    .insist(() => follow(consul, { generation, timeoutMs, signal }))
    .finally(() => journal.checkLock());
  if (!followed) {
    const reason = `generation ${generation} is not served after ${Math.round(seconds)} s: ${laggards(gateways)}`;
    return fail(context, journal, weights, reason);
  }
  context.report(
    `all ${gateways.length} gateways serve generation ${generation} after ${seconds.toFixed(1)} s`,
  );
  await journal.save(({ phase }) => (phase === "paused" ? {} : { phase: "holding" }));
  const held = await hold(context, journal, weights);
  const words = held.reasons.join("; ");
  if (held.answer === "fail") return fail(context, journal, weights, `step ${share} fails: ${words}`);
  if (held.answer === "timeout") {
    const reason = `step ${share} stays inconclusive after ${Math.round(held.seconds)} s: ${words}`;
    throw stays(context, journal, "timeout", reason, weights);
  }
  return { share, generation, followedSeconds: seconds, heldSeconds: held.seconds, reasons: held.reasons };
}

async function fail(
  context: RampContext,
  journal: Journal,
  inForce: Weights,
  reason: string,
): Promise<never> {
  context.report(reason);
  const { weights, generation } = await putBack(context, journal, inForce, reason);
  throw new OperationFailure(
    "restored",
    `${reason}. Put back: ${showWeights(weights)}, generation ${generation}, served by all gateways`,
    `skyline dial log --env ${context.environment.environment}`,
  );
}

/** The end of a run whose ramp can be gone on with. */
function stays(
  { environment: { environment } }: RampContext,
  journal: Journal,
  kind: "interrupted" | "timeout" | "unreachable",
  reason: string,
  inForce: Weights,
): OperationFailure {
  return new OperationFailure(
    kind,
    `the ramp to ${journal.record.to} has stopped: ${reason}. The dial stays at ${showWeights(inForce)}`,
    `go on with it: skyline dial resume --env ${environment}; or put back ${showWeights(journal.record.before.weights)}: skyline dial abort --env ${environment}`,
  );
}

const either = (...signals: readonly (AbortSignal | undefined)[]): AbortSignal =>
  AbortSignal.any(signals.filter((signal) => signal !== undefined));
