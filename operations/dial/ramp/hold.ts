import type { Consul } from "../../consul/client";
import { transact } from "../../consul/transaction";
import { OperationFailure } from "../../failure";
import { lockHolder } from "../lock";
import { readRamp, setRamp, type RampPhase, type RampRecord } from "./record";

export interface HoldRequest {
  /** Name of the environment. */
  readonly environment: string;
  readonly consul: Consul;
  /** Who does it. */
  readonly by: string;
  readonly why?: string;
  /** Writes nothing. @default false */
  readonly dryRun?: boolean;
}

export interface HoldResult {
  readonly environment: string;
  /** False when it was so already. */
  readonly changed: boolean;
  readonly dryRun: boolean;
  /** As it is now, or would be. */
  readonly ramp: RampRecord;
}

/**
 * Holds a running ramp where it is: it takes no further step, and goes on measuring, so that a target that fails is put
 * back all the same.
 *
 * @throws OperationFailure refused, when no ramp runs, or it is being put back
 */
export async function holdRamp(request: HoldRequest): Promise<HoldResult> {
  const { environment, consul } = request;
  if ((await lockHolder(consul, environment)) === null) {
    throw new OperationFailure(
      "refused",
      `no ramp runs in ${environment}`,
      `an interrupted one stands still by itself: skyline dial status --env ${environment}`,
    );
  }
  return turn(request, "paused");
}

/** Lets a ramp that is held go on; its process has to live. @throws OperationFailure refused, when no ramp is on */
export const continueRamp = (request: HoldRequest): Promise<HoldResult> => turn(request, "holding");

async function turn(request: HoldRequest, phase: RampPhase): Promise<HoldResult> {
  const { environment, consul, by, why, dryRun = false } = request;
  const reason = `${phase === "paused" ? "held" : "let go on"} by ${by}${why === undefined ? "" : `: ${why}`}`;
  for (let tries = 1; ; tries++) {
    const { record, index } = await readRamp(consul, environment);
    if (record === undefined) {
      throw new OperationFailure(
        "refused",
        `no ramp is on in ${environment}`,
        `skyline dial status --env ${environment}`,
      );
    }
    if (record.phase === "returning") {
      throw new OperationFailure(
        "refused",
        `the ramp to ${record.to} is being put back: ${record.reason ?? ""}`,
      );
    }
    if ((record.phase === "paused") === (phase === "paused")) {
      return { environment, changed: false, dryRun, ramp: record };
    }
    const ramp = { ...record, phase, reason, updatedAt: new Date().toISOString() };
    if (dryRun) return { environment, changed: true, dryRun, ramp };
    try {
      await transact(consul, [setRamp(environment, ramp, index)], `skyline dial status --env ${environment}`);
      return { environment, changed: true, dryRun, ramp };
    } catch (error) {
      // The ramp itself writes its record now and then.
      if (!(error instanceof OperationFailure) || error.kind !== "conflict" || tries === MOST_TRIES)
        throw error;
    }
  }
}

const MOST_TRIES = 5;
