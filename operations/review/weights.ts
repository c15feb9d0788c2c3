import { readFileSync } from "node:fs";
import { SHORT_LABEL } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { wrongWeights, type Weights as Dial } from "../dial/weights";
import { OperationFailure } from "../failure";
import { dialWeights } from "../registry/weights";
import type { Weights } from "./clusters";

export type { Weights as WeightsByEnvironment } from "./clusters";

const HINT = 'write it as { "development": { "alpha": 75, "bravo": 25 } }';

/**
 * Reads the dials that a review goes by from a file: `{ "development": { "alpha": 100 } }`.
 *
 * @throws OperationFailure invalid, when it cannot be read or holds anything else
 */
export function readWeights(file: string): Weights {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new OperationFailure("invalid", `${file} cannot be read: ${(error as Error).message}`, HINT);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OperationFailure("invalid", `${file} holds no object`, HINT);
  }
  for (const [environment, weights] of Object.entries(value)) {
    const wrong = SHORT_LABEL.test(environment) ? wrongWeights(weights) : "it is no name of an environment";
    if (wrong !== undefined) {
      throw new OperationFailure("invalid", `${file}: ${JSON.stringify(environment)}: ${wrong}`, HINT);
    }
  }
  return value as Weights;
}

/**
 * Asks Consul for the dial of an environment.
 *
 * @throws OperationFailure when it cannot be had: who asks for it is not to read a review without it
 */
export async function liveWeights(environment: Environment, signal?: AbortSignal): Promise<Dial> {
  const { weights, problem } = await dialWeights(environment, signal);
  if (weights === undefined) {
    throw problem;
  }
  return weights;
}
