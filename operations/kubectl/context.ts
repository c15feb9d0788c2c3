import type { Environment } from "../../environment/schema";
import { clusterResourceName } from "../../environment/naming";
import { clusterOf } from "../environments/named";
import { OperationFailure } from "../failure";

/**
 * Name of a kubeconfig's context: `<env>` is the active cluster, `<env>-<cluster>` a certain one.
 *
 * @throws OperationFailure when the environment has no such cluster
 */
export function contextOf(environment: Environment, cluster?: string): string {
  if (cluster === undefined) {
    return environment.environment;
  }
  if (clusterOf(environment, cluster).role === "removed") {
    throw new OperationFailure("invalid", `cluster ${cluster} is removed`);
  }
  return clusterResourceName(environment.environment, cluster);
}
