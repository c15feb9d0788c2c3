import type { Environment } from "../../environment/schema";
import { awsStore, type PkiAwsOptions } from "./aws-store";
import type { PkiGroup } from "./contents";
import { pkiGroups } from "./groups";
import { inspect, type CertificateStatus, type Finding, type GroupAsStored } from "./inspect";
import type { PkiStore, Stored } from "./store";

export interface StatusResult {
  readonly environment: string;
  readonly certificates: readonly CertificateStatus[];
  /** What is missing, ends within 30 days, or is not as the environment file wants it. */
  readonly findings: readonly Finding[];
}

/**
 * Every certificate of an environment, and what is wrong with its secrets.
 * @throws OperationFailure when AWS cannot be reached or refuses
 */
export async function pkiStatus(
  environment: Environment,
  options: PkiAwsOptions = {},
): Promise<StatusResult> {
  return statusIn(await awsStore(environment, options), environment);
}

/** {@link pkiStatus} in any store. */
export async function statusIn(
  store: PkiStore,
  environment: Environment,
  now = new Date(),
): Promise<StatusResult> {
  const inspections = [];
  for (const group of pkiGroups(environment)) {
    inspections.push(inspect(environment.environment, group, await readGroup(store, group), now));
  }
  return {
    environment: environment.environment,
    certificates: inspections.flatMap(({ certificates }) => certificates),
    findings: inspections.flatMap(({ findings }) => findings),
  };
}

/** All secrets of a group and its parameter, at once. */
export async function readGroup(store: PkiStore, { secrets, parameter }: PkiGroup): Promise<GroupAsStored> {
  const [found, value] = await Promise.all([
    Promise.all(
      secrets.map(async (secret): Promise<[string, Stored]> => [secret.name, await store.read(secret)]),
    ),
    parameter && store.readParameter(parameter.name),
  ]);
  return { secrets: new Map(found), parameter: value };
}
