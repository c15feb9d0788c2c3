import { indexOf, transact } from "../../consul/transaction";
import { OperationFailure } from "../../failure";
import { rampKey } from "../keys";
import { withLock } from "../lock";
import { sameWeights } from "../weights";
import { runRamp } from "./engine";
import { Journal } from "./journal";
import { planRamp, type RampPlan } from "./preflight";
import { setRamp, type RampRecord } from "./record";
import type { RampRequest, RampResult } from "./request";

/**
 * Moves traffic to a cluster step by step, each measured before the next, under the lock of the environment from the first
 * to the last.
 *
 * @param confirm asks whether to go on with what is planned; it throws when not
 * @throws OperationFailure invalid or refused, when it may not start; restored, when a step failed and the weights from
 *   before are back; unrestored, when they are not; timeout, when a step stays inconclusive; conflict, when somebody holds
 *   the lock or takes it away; interrupted
 */
export async function ramp(
  request: RampRequest,
  confirm: (plan: RampPlan) => Promise<void> = () => Promise.resolve(),
): Promise<RampResult> {
  const { environment, consul, by, to } = request;
  const name = environment.environment;
  // A person may take long to answer, and must not keep others from changing the dial meanwhile.
  const confirmed = await planRamp(request);
  await confirm(confirmed);
  return withLock({ consul, environment: name, by, what: `a ramp to ${to}` }, async (lock) => {
    const plan = await planRamp(request);
    const look = `skyline dial status --env ${name}`;
    if (!sameWeights(plan.before.weights, confirmed.before.weights)) {
      throw new OperationFailure(
        "conflict",
        "somebody has changed the dial meanwhile: nothing is written",
        look,
      );
    }
    const record = recordOf(request, plan, lock.run);
    const operations = [lock.held, setRamp(name, record, 0)];
    const written = await transact(consul.uninterrupted(), operations, `nothing is written: ${look}`);
    const index = indexOf(rampKey(name), written) ?? 0;
    return runRamp(request, new Journal(request, lock, record, index));
  });
}

function recordOf(request: RampRequest, { before, steps }: RampPlan, run: string): RampRecord {
  const { to, followSeconds = 60, holdSeconds, timeoutSeconds, gate, by, why, override = null } = request;
  const at = new Date().toISOString();
  return {
    ...{ run, to, steps: steps.map(({ share }) => share), gate },
    ...{ followSeconds, holdSeconds, timeoutSeconds },
    before: { generation: before.generation, weights: before.weights },
    generation: before.generation,
    ...{ at: -1, phase: "following", reason: null, reference: null },
    ...{ by, why, override, startedAt: at, updatedAt: at },
  };
}
