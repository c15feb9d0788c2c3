import { registry as parameters, type RegistryEntry } from "../../environment/naming";
import type { AwsAccount } from "../aws/account";
import { OperationFailure } from "../failure";
import { activeParameter } from "./active";
import { parseEntry } from "./entry";
import { parameterStore } from "./parameters";

/** The clusters of an environment, as their stacks have published them. */
export interface Registry {
  readonly environment: string;
  /** Name of the active cluster; undefined when nothing of the environment was applied yet. */
  readonly active: string | undefined;
  /** Sorted by name. */
  readonly clusters: readonly RegistryEntry[];
}

/**
 * Reads an environment's registry.
 * @throws OperationFailure when AWS cannot be reached or refuses, or an entry is broken
 */
export async function readRegistry(aws: AwsAccount, environment: string): Promise<Registry> {
  const [clusters, active] = await Promise.all([
    readEntries(aws, environment),
    activeParameter(aws, environment),
  ]);
  return { environment, active: active?.Value, clusters };
}

/** What cluster stacks have published, sorted by name. @throws OperationFailure as {@link readRegistry} */
export async function readEntries(aws: AwsAccount, environment: string): Promise<readonly RegistryEntry[]> {
  const { paginateGetParametersByPath, SSMClient } = parameterStore();
  const client = new SSMClient(aws.settings);
  const { abortSignal } = aws;
  const path = parameters.cluster(environment, "");
  const found = await aws.ask(`reading parameters below ${path}`, async () => {
    const entries: RegistryEntry[] = [];
    const query = { Path: path, MaxResults: 10 };
    for await (const page of paginateGetParametersByPath({ client }, query, { abortSignal })) {
      for (const { Name = "", Value = "" } of page.Parameters ?? []) {
        entries.push(parseEntry(Name, Value));
      }
    }
    return entries;
  });
  const entries = found ?? [];
  checkAccount(aws, environment, entries);
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Parameters have no account in their names: another account's environment of the same name would pass for ours. */
function checkAccount({ place }: AwsAccount, environment: string, entries: readonly RegistryEntry[]): void {
  const other = entries
    .map(({ deployer }) => deployer.split(":")[4] ?? "")
    .find((account) => account !== place.account);
  if (place.account !== undefined && other !== undefined) {
    throw new OperationFailure(
      "denied",
      `the credentials lead to a registry of ${environment} in account ${other}, and the environment is of account ${place.account}`,
      "use credentials of the environment's account, by --profile or AWS_PROFILE",
    );
  }
}

/** The active cluster's entry. @throws OperationFailure refused, when there is none */
export function activeEntry({ environment, active, clusters }: Registry): RegistryEntry {
  const parameter = parameters.active(environment);
  if (active === undefined) {
    throw new OperationFailure(
      "refused",
      `environment ${environment} has no active cluster: there is no parameter ${parameter}`,
      "apply the environment's network and cluster stacks first, or use credentials of its account",
    );
  }
  const entry = clusters.find(({ name }) => name === active);
  if (entry === undefined) {
    throw new OperationFailure(
      "refused",
      `parameter ${parameter} names ${active}, which is not in the registry`,
      `skyline promote NAME --env ${environment}, with a cluster of skyline clusters --env ${environment}`,
    );
  }
  return entry;
}
