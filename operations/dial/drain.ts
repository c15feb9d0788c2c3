import type { Environment } from "../../environment/schema";
import { OperationFailure } from "../failure";
import { applyChange, type Plan, type Situation } from "./apply";
import { initialWeights, type ClusterState } from "./clusters";
import type { ChangeRequest, ChangeResult } from "./request";
import { moved, weightOf, type Weights } from "./weights";

export interface DrainRequest extends ChangeRequest {
  /** That is to get nothing. */
  readonly cluster: string;
  /** Who gets what it had. @default the others, in their proportions */
  readonly to?: string;
  /** @default that it is drained */
  readonly why?: string;
}

/** Somebody else who writes at the same moment does not stop an emergency. */
const ATTEMPTS = 5;

/**
 * Takes a cluster off the traffic at once, whatever else is going on: a run that holds the lock loses it, and a ramp ends.
 *
 * @throws OperationFailure invalid, when nobody can tell who is to take over; refused, when nobody can
 */
export async function drainCluster(request: DrainRequest): Promise<ChangeResult> {
  let asked = request;
  for (let attempt = 1; ; attempt++) {
    try {
      return await applyChange(asked, (situation) => planOf(request, situation));
    } catch (error) {
      const isLost = error instanceof OperationFailure && error.kind === "conflict";
      if (!isLost || attempt === ATTEMPTS || request.generation !== undefined) {
        throw error;
      }
      request.report?.(`${error.message}: once more`);
      // Whether to do it at all has been answered.
      asked = { ...request, confirm: undefined };
    }
  }
}

function planOf({ environment, cluster, to, why }: DrainRequest, situation: Situation): Plan {
  const { position, clusters, holder } = situation;
  const weights = position.current?.weights ?? initialWeights(environment);
  assertKnown(cluster, weights, environment);
  return {
    action: "drain",
    weights:
      weightOf(weights, cluster) === 0
        ? weights
        : moved(weights, cluster, takers(cluster, to, weights, clusters)),
    why: why ?? `${cluster} is drained`,
    breaks: holder ?? undefined,
    endsRamp: true,
  };
}

function assertKnown(cluster: string, weights: Weights, { environment, clusters }: Environment): void {
  if (!Object.hasOwn(clusters, cluster) && weightOf(weights, cluster) === 0) {
    const known = Object.keys(clusters).join(", ");
    throw new OperationFailure("invalid", `${cluster} is no cluster of ${environment}`, `it has ${known}`);
  }
}

/** Who gets it, and in which proportions. Those that can take nothing more keep what they have. */
function takers(
  cluster: string,
  to: string | undefined,
  weights: Weights,
  clusters: readonly ClusterState[],
): Weights {
  if (to !== undefined) {
    if (to === cluster) {
      throw new OperationFailure("invalid", `${cluster} cannot take over from itself`);
    }
    return { [to]: 1 };
  }
  const able = clusters
    .filter(({ name, role, workers }) => name !== cluster && workers > 0 && isServing(role))
    .map(({ name }) => name);
  const loaded = able.filter((name) => weightOf(weights, name) > 0);
  const [first, ...others] = loaded.length > 0 ? loaded : able;
  if (first === undefined) {
    throw new OperationFailure(
      "refused",
      `nobody can take over from ${cluster}: no other cluster has a healthy worker in Consul`,
    );
  }
  if (loaded.length === 0 && others.length > 0) {
    throw new OperationFailure(
      "invalid",
      `${able.join(" and ")} could take over from ${cluster}, and none has traffic now`,
      `say which one: --to ${first}`,
    );
  }
  return Object.fromEntries([first, ...others].map((name) => [name, weightOf(weights, name) || 1]));
}

const isServing = (role: ClusterState["role"]) => role === "active" || role === "passive";
