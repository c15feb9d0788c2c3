import { registry as parameters, type RegistryEntry } from "../../environment/naming";
import type { AwsAccount } from "../aws/account";
import { OperationFailure } from "../failure";
import { parseEntry } from "./entry";

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
  const { GetParameterCommand, paginateGetParametersByPath, SSMClient } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient(aws.settings);
  const { abortSignal } = aws;
  const path = parameters.cluster(environment, "");
  const entries = async () => {
    const found: RegistryEntry[] = [];
    const query = { Path: path, MaxResults: 10 };
    for await (const page of paginateGetParametersByPath({ client }, query, { abortSignal })) {
      for (const { Name = "", Value = "" } of page.Parameters ?? []) {
        found.push(parseEntry(Name, Value));
      }
    }
    return found;
  };
  const active = parameters.active(environment);
  const [clusters, parameter] = await Promise.all([
    aws.ask(`reading parameters below ${path}`, entries),
    aws.ask(
      `reading parameter ${active}`,
      () => client.send(new GetParameterCommand({ Name: active }), { abortSignal }),
      "ParameterNotFound",
    ),
  ]);
  checkAccount(aws, environment, clusters ?? []);
  return {
    environment,
    active: parameter?.Parameter?.Value,
    clusters: (clusters ?? []).sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
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
