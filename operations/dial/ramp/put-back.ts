import { OperationFailure } from "../../failure";
import { clusterStates } from "../clusters";
import { follow, laggards } from "../follow";
import { riseOf, sameWeights, showWeights, weightOf } from "../weights";
import type { Weights } from "../weights";
import type { Journal } from "./journal";
import type { RampContext } from "./request";

export interface PutBack {
  readonly generation: number;
  readonly weights: Weights;
}

/**
 * Puts the recorded weights back, at once, and waits until all gateways serve them; then the ramp has ended. An interrupt
 * does not stop it.
 *
 * @param inForce weights that the ramp has brought
 * @param why for the audit record
 * @throws OperationFailure unrestored, with the command that goes on with it; conflict, when the lock is lost
 */
export async function putBack(
  context: RampContext,
  journal: Journal,
  inForce: Weights,
  why: string,
): Promise<PutBack> {
  const environment = context.environment.environment;
  const consul = context.consul.uninterrupted();
  const { weights } = journal.record.before;
  const unrestored = (reason: string) =>
    new OperationFailure(
      "unrestored",
      `${why}. Not put back: ${reason}`,
      `look at it: skyline dial status --env ${environment}; then go on with it: skyline dial abort --env ${environment}`,
    );
  try {
    if (!sameWeights(inForce, weights)) {
      const dead = await deadAmong(context, inForce, weights);
      if (dead.length > 0) {
        throw unrestored(
          `${dead.join(", ")} would get traffic again and has no healthy worker, so the dial stays at ${showWeights(inForce)}`,
        );
      }
      const change = { action: "return" as const, weights, why };
      await journal.change(change, { phase: "returning", reason: why });
      context.report(`put back: ${showWeights(weights)}, generation ${journal.record.generation}`);
    } else if (journal.record.phase !== "returning") {
      await journal.save(() => ({ phase: "returning", reason: why }));
    }
    const { generation, followSeconds } = journal.record;
    const timeoutMs = followSeconds * 1000;
    const signal = journal.lost;
    const { followed, gateways, seconds } = await journal
      .insist(() => follow(consul, { generation, timeoutMs, signal }))
      .finally(() => journal.checkLock());
    if (!followed) {
      throw unrestored(
        `generation ${generation}, ${showWeights(weights)}, is written, and not served after ${Math.round(seconds)} s: ${laggards(gateways)}`,
      );
    }
    context.report(`all gateways serve generation ${generation} again: ${showWeights(weights)}`);
    await journal.end();
    return { generation, weights };
  } catch (error) {
    if (!(error instanceof OperationFailure) || ["unrestored", "conflict"].includes(error.kind)) throw error;
    throw unrestored(error.message);
  }
}

/** Clusters that would get more and have nobody to serve it. Where Consul cannot say so, they are taken for alive. */
async function deadAmong(
  { environment, consul }: RampContext,
  from: Weights,
  to: Weights,
): Promise<readonly string[]> {
  const clusters = await clusterStates(environment, consul.uninterrupted()).catch(() => []);
  return clusters
    .filter(({ name, workers }) => workers === 0 && weightOf(to, name) > 0 && riseOf(from, to, name) > 0)
    .map(({ name }) => name);
}
