import type { Environment } from "../../environment/schema";
import { clusterResourceName } from "../../environment/naming";
import { nearest } from "../../environment/suggestion";
import { OperationFailure } from "../failure";

/**
 * Name of a kubeconfig's context: `<env>` is the active cluster, `<env>-<cluster>` a certain one.
 *
 * @throws OperationFailure when the environment has no such cluster
 */
export function contextOf({ environment, clusters }: Environment, cluster?: string): string {
  if (cluster === undefined) {
    return environment;
  }
  const spec = clusters[cluster];
  if (spec === undefined) {
    const near = nearest(cluster, Object.keys(clusters));
    throw new OperationFailure(
      "invalid",
      `environment ${environment} has no cluster ${JSON.stringify(cluster)}`,
      near === undefined ? `name one of ${Object.keys(clusters).join(", ")}` : `did you mean ${near}?`,
    );
  }
  if (spec.role === "removed") {
    throw new OperationFailure("invalid", `cluster ${cluster} is removed`);
  }
  return clusterResourceName(environment, cluster);
}
