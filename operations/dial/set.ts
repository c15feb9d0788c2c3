import { OperationFailure } from "../failure";
import { applyChange, type Situation } from "./apply";
import type { ChangeRequest, ChangeResult } from "./request";
import { shifted, asArguments, wrongWeights, type Weights } from "./weights";

export interface SetRequest extends ChangeRequest {
  /** Wanted; a cluster that is not named gets nothing. */
  readonly weights: Weights;
  readonly why: string;
  /** Why step and hold need not be kept. */
  readonly override?: string;
}

/**
 * Gives clusters these weights.
 *
 * @throws OperationFailure invalid, when they are no weights; refused, by the guards; conflict, when a ramp is there,
 * somebody holds the lock, or the dial is not as it was seen
 */
export function setDial(request: SetRequest): Promise<ChangeResult> {
  const { weights, why, override } = request;
  return applyChange(request, (situation) => {
    assertWhole(weights, situation);
    assertNoRamp(request.environment.environment, situation);
    return { action: "set", weights, why, override, endsRamp: false };
  });
}

/** One cluster alone says what is meant all the same: the hint writes it out. */
function assertWhole(weights: Weights, { position }: Situation): void {
  const wrong = wrongWeights(weights);
  if (wrong === undefined) {
    return;
  }
  const [[cluster, share] = ["", 0], ...others] = Object.entries(weights);
  throw new OperationFailure(
    "invalid",
    wrong,
    others.length === 0 && position.current !== null
      ? meant(position.current.weights, cluster, share)
      : undefined,
  );
}

function meant(current: Weights, cluster: string, share: number): string | undefined {
  try {
    return `write all of them: ${asArguments(shifted(current, cluster, share))}`;
  } catch {
    // It is no share, or nobody else is there to take the rest.
    return undefined;
  }
}

function assertNoRamp(environment: string, { ramp, holder }: Situation): void {
  if (ramp.index === 0) {
    return;
  }
  const { record, broken = "" } = ramp;
  if (record === undefined) {
    throw new OperationFailure(
      "conflict",
      `a ramp is there, whose record cannot be read: ${broken}`,
      `skyline dial back --env ${environment} ends it, and goes to the weights before the last change`,
    );
  }
  const runs = holder?.run === record.run;
  throw new OperationFailure(
    "conflict",
    `a ramp to ${record.to} by ${record.by}, since ${record.startedAt}, is ${runs ? "on" : "interrupted"}`,
    runs
      ? `wait for its end, or end it: skyline dial back --env ${environment}`
      : `end it first: skyline dial resume --env ${environment}, or skyline dial abort --env ${environment}`,
  );
}
