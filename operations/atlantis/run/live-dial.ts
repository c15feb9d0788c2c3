import { Consul } from "../../consul/client";
import { readRecorded } from "../../dial/change";
import { OperationFailure } from "../../failure";
import type { WeightsByEnvironment } from "../../review/weights";

/**
 * Asks Consul for an environment's dial. Its file is not read: here it is the pull request's.
 *
 * @returns what the gateways go by: the dial, or what was written last when its key is gone; nothing for one that nobody
 *   has moved yet
 * @throws OperationFailure when Consul does not say it: a plan is not to pass for want of an answer
 */
export async function liveDial(environment: string, signal: AbortSignal): Promise<WeightsByEnvironment> {
  const { reading, last, untouched } = await readRecorded(
    new Consul({ datacenter: environment, signal }),
    environment,
  );
  if (untouched) {
    return {};
  }
  const current = reading.dial ?? last;
  if (reading.broken !== undefined || current === undefined) {
    const broken = reading.broken ?? "its key is gone, and its last record";
    throw new OperationFailure("refused", `the dial of ${environment} cannot be read: ${broken}`);
  }
  return { [environment]: current.weights };
}
