import type { Environment } from "../../environment/schema";
import { Consul } from "../consul/client";
import { readPosition } from "../dial/change";
import { weightOf, type Weights } from "../dial/weights";
import { OperationFailure } from "../failure";

/** What the dial of an environment says, or why it cannot be said. */
export type DialWeights =
  | { readonly weights: Weights; readonly problem?: undefined }
  | { readonly weights?: undefined; readonly problem: OperationFailure };

/** For an answer of Consul: what only stands beside the registry is not waited for. */
const TIMEOUT_MS = 5000;

/** Weights that the gateways of an environment go by. */
export async function dialWeights(environment: Environment, signal?: AbortSignal): Promise<DialWeights> {
  try {
    const consul = new Consul({ datacenter: environment.environment, signal, timeoutMs: TIMEOUT_MS });
    const { reading, current } = await readPosition(consul, environment);
    const broken = reading.broken ?? (current === null ? "its key is gone, and its last record" : undefined);
    if (broken !== undefined || current === null) {
      return { problem: new OperationFailure("refused", `the dial cannot be read: ${broken}`) };
    }
    return { weights: current.weights };
  } catch (error) {
    if (!(error instanceof OperationFailure) || error.kind === "interrupted") {
      throw error;
    }
    return { problem: error };
  }
}

export const shareOf = ({ weights }: DialWeights, cluster: string): number | null =>
  weights === undefined ? null : weightOf(weights, cluster);
