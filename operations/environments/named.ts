import type { ClusterSpec, Environment } from "../../environment/schema";
import { nearest } from "../../environment/suggestion";
import { OperationFailure } from "../failure";

/** A cluster of an environment's file. @throws OperationFailure invalid, with the name that was meant, or all there are */
export function clusterOf({ environment, clusters }: Environment, name: string): ClusterSpec {
  const spec = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (spec === undefined) {
    const message = `environment ${environment} has no cluster ${JSON.stringify(name)}`;
    throw unknownName(message, name, Object.keys(clusters));
  }
  return spec;
}

/** What is thrown for a name that is none of those there are. */
export function unknownName(message: string, name: string, known: readonly string[]): OperationFailure {
  const near = nearest(name, known);
  const hint = near === undefined ? `name one of ${known.join(", ")}` : `did you mean ${near}?`;
  return new OperationFailure("invalid", message, hint);
}
