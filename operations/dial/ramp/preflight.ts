import { OperationFailure } from "../../failure";
import { readPosition, type Position } from "../change";
import { clusterStates, type ClusterState } from "../clusters";
import { allFollow, laggards, viewGateways } from "../follow";
import { findGateways } from "../gateways";
import { refuse, violations, type Violation } from "../guards";
import type { Weights } from "../weights";
import { planOf, type Step } from "./plan";
import { readRamp } from "./record";
import type { RampRequest } from "./request";

/** A ramp that may start. */
export interface RampPlan {
  readonly environment: string;
  /** In force now, and what would be put back. */
  readonly before: { readonly generation: number; readonly weights: Weights };
  readonly to: string;
  readonly steps: readonly Step[];
  readonly holdSeconds: number;
  readonly clusters: readonly ClusterState[];
}

/**
 * Looks whether a ramp may start: no other is on, all of its steps pass the guards, and all gateways serve the dial as it
 * is. Writes nothing.
 *
 * @throws OperationFailure invalid or refused, with everything that is wrong with the steps; conflict, when a ramp is on
 */
export async function planRamp(request: RampRequest): Promise<RampPlan> {
  const { environment, consul, to, holdSeconds, timeoutSeconds } = request;
  const name = environment.environment;
  if (timeoutSeconds < holdSeconds) {
    throw new OperationFailure(
      "invalid",
      `a timeout of ${timeoutSeconds} s ends before a hold of ${holdSeconds} s`,
    );
  }
  await refuseSecond(request);
  const position = await readPosition(consul, environment);
  const { current, reading } = position;
  if (current === null) {
    const why = reading.broken ?? "its key is gone, and its last record cannot be read";
    const hint = `write it: skyline dial set --env ${name}`;
    throw new OperationFailure("refused", `nobody can tell what the dial of ${name} is: ${why}`, hint);
  }
  const clusters = await clusterStates(environment, consul);
  const steps = planOf(current.weights, to, request.steps);
  // Each step says the same of a cluster that may have none, which is told once.
  refuse(
    wrongWith(request, position, steps, clusters),
    'smaller steps and longer holds, or --override "REASON"',
  );
  const gateways = await viewGateways(await findGateways(consul), current.generation);
  if (!allFollow(gateways)) {
    throw new OperationFailure(
      "refused",
      `gateways do not serve the dial as it is, generation ${current.generation}: ${laggards(gateways)}`,
      `skyline dial status --env ${name}`,
    );
  }
  return { environment: name, before: current, to, steps, holdSeconds, clusters };
}

async function refuseSecond({ environment: { environment }, consul }: RampRequest): Promise<void> {
  const { record, text } = await readRamp(consul, environment);
  if (text === undefined) return;
  const which =
    record === undefined
      ? "a ramp whose record cannot be read"
      : `a ramp to ${record.to}, of ${record.by} since ${record.startedAt},`;
  throw new OperationFailure(
    "conflict",
    `${which} has not ended yet`,
    `go on with it: skyline dial resume --env ${environment}; or end it: skyline dial abort --env ${environment}`,
  );
}

function wrongWith(
  { environment, holdSeconds, override }: RampRequest,
  { current, last }: Position,
  steps: readonly Step[],
  clusters: readonly ClusterState[],
): readonly Violation[] {
  const limits = environment.mesh.dial;
  const ofSteps = steps.flatMap(({ weights: to }, at) => {
    const from = steps[at - 1]?.weights ?? current?.weights ?? null;
    const changedAt = at === 0 ? last?.at : undefined;
    return violations({ action: "ramp", from, to, clusters, changedAt, now: Date.now(), limits, override });
  });
  const isShort = steps.length > 1 && holdSeconds < limits.minHold && override === undefined;
  return [
    ...ofSteps,
    ...(isShort
      ? [
          {
            kind: "refused" as const,
            message: `a hold of ${holdSeconds} s is too short: ${limits.minHold} s are wanted between two changes (mesh.dial.minHold)`,
            overridable: true,
          },
        ]
      : []),
  ];
}
