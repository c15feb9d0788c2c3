import type { Environment } from "../../environment/schema";
import { Consul } from "../consul/client";
import { readPosition } from "../dial/change";
import { lockHolder } from "../dial/lock";
import { readRamp } from "../dial/ramp/record";
import type { Weights } from "../dial/weights";
import { OperationFailure } from "../failure";

/** Where the gateways of an environment send traffic. */
export interface DialFacts {
  readonly weights: Weights;
  /** Nobody has written it: gateways began with the file's active cluster. */
  readonly isInitial: boolean;
  /** A ramp that is on, and whether somebody runs it; null when none is. */
  readonly ramp: { readonly to: string; readonly isRun: boolean } | null;
}

/** For an answer of Consul. */
const TIMEOUT_MS = 5000;

/** @throws OperationFailure when Consul does not say it, or says what is no dial */
export async function readDialFacts(environment: Environment, signal: AbortSignal): Promise<DialFacts> {
  const name = environment.environment;
  const consul = new Consul({ datacenter: name, signal, timeoutMs: TIMEOUT_MS });
  const [{ reading, current }, ramp, holder] = await Promise.all([
    readPosition(consul, environment),
    readRamp(consul, name),
    lockHolder(consul, name),
  ]);
  const broken = reading.broken ?? (current === null ? "its key is gone, and its last record" : ramp.broken);
  if (broken !== undefined || current === null) {
    throw new OperationFailure(
      "refused",
      `the dial cannot be read: ${broken}`,
      `skyline dial log --env ${name}`,
    );
  }
  return {
    weights: current.weights,
    isInitial: current.generation === 0,
    ramp: ramp.record === undefined ? null : { to: ramp.record.to, isRun: holder !== null },
  };
}
