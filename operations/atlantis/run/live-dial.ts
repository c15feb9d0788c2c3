import { Consul } from "../../consul/client";
import { readDial } from "../../dial/state";
import { OperationFailure } from "../../failure";
import { identityOf } from "../../review/stack";
import type { WeightsByEnvironment } from "../../review/weights";

/**
 * Asks Consul for the dial of a stack's environment. The environment's file is not read: here it is the pull request's.
 *
 * @returns nothing for an environment whose dial nobody has moved yet
 * @throws OperationFailure when Consul does not say it: a plan is not to pass for want of an answer
 */
export async function liveDial(stack: string, signal: AbortSignal): Promise<WeightsByEnvironment> {
  const { environment } = identityOf(stack);
  const { dial, broken } = await readDial(new Consul({ datacenter: environment, signal }), environment);
  if (broken !== undefined) {
    throw new OperationFailure("refused", `the dial of ${environment} cannot be read: ${broken}`);
  }
  return dial === undefined ? {} : { [environment]: dial.weights };
}
