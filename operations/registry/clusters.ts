import type { RegistryEntry } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { AwsAccount, type AwsOptions } from "../aws/account";
import { liveStates, type LiveState } from "./live";
import { readRegistry } from "./registry";
import { dialWeights, shareOf } from "./weights";

/** A cluster of the file, of the registry, or of both. */
export interface ClusterView {
  readonly name: string;
  /** As the file has it; null when it does not have the cluster. */
  readonly role: "active" | "passive" | "retiring" | "removed" | null;
  /** Null when no stack of it was applied. */
  readonly registered: Pick<RegistryEntry, "kind" | "endpoint" | "version"> | null;
  /** Whether the parameter of the active cluster names it. */
  readonly active: boolean;
  /** Null when it is not registered. */
  readonly live: LiveState | null;
  /** Its share of the traffic, 0 to 100; null when the dial could not be read. */
  readonly weight: number | null;
}

export interface ClustersResult {
  readonly environment: string;
  /** Name of the active cluster, by its parameter. */
  readonly active: string | null;
  readonly clusters: readonly ClusterView[];
  /** Why something is unknown, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * The clusters of an environment: registry, file, AWS and dial beside each other.
 * @throws OperationFailure when the registry cannot be read; what only stands beside it is null then, with its reason
 */
export async function listClusters(
  environment: Environment,
  options: AwsOptions = {},
): Promise<ClustersResult> {
  const { environment: name, account, region, clusters } = environment;
  const aws = new AwsAccount({ account, region, page: "docs/commands/clusters.md" }, options);
  const [registry, dial] = await Promise.all([
    readRegistry(aws, name),
    dialWeights(environment, options.signal),
  ]);
  const problems = dial.problem === undefined ? [] : [dial.problem.message];
  const states = await liveStates(aws, name, registry.clusters, (problem) => problems.push(problem));
  const registered = new Map(registry.clusters.map((entry, index) => [entry.name, { entry, index }]));
  const names = [...new Set([...Object.keys(clusters), ...registered.keys()])];
  return {
    environment: name,
    active: registry.active ?? null,
    clusters: names.map((cluster) => {
      const found = registered.get(cluster);
      return {
        name: cluster,
        role: clusters[cluster]?.role ?? null,
        registered: found === undefined ? null : published(found.entry),
        active: registry.active === cluster,
        live: found === undefined ? null : (states[found.index] ?? null),
        weight: shareOf(dial, cluster),
      };
    }),
    problems,
  };
}

const published = ({ kind, endpoint, version }: RegistryEntry) => ({ kind, endpoint, version });
