import type { Environment } from "../../environment/schema";
import type { Consul } from "../consul/client";
import { initialWeights } from "../dial/clusters";
import { readDial } from "../dial/state";
import { weightOf, type Weights } from "../dial/weights";
import { OperationFailure } from "../failure";

/** What the dial of an environment says, or why it cannot be said. */
export type DialWeights =
  | { readonly weights: Weights; readonly problem?: undefined }
  | { readonly weights?: undefined; readonly problem: OperationFailure };

/** Weights of an environment: of its dial, or those that its gateways start with. */
export async function dialWeights(consul: () => Consul, environment: Environment): Promise<DialWeights> {
  try {
    const { dial, broken } = await readDial(consul(), environment.environment);
    if (broken !== undefined) {
      return { problem: new OperationFailure("refused", `the dial cannot be read: ${broken}`) };
    }
    return { weights: dial?.weights ?? initialWeights(environment) };
  } catch (error) {
    if (!(error instanceof OperationFailure) || error.kind === "interrupted") {
      throw error;
    }
    return { problem: error };
  }
}

export const shareOf = ({ weights }: DialWeights, cluster: string): number | null =>
  weights === undefined ? null : weightOf(weights, cluster);
