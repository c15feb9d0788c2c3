import { registry as parameters, type RegistryEntry } from "../../environment/naming";
import { AwsAccount } from "../aws/account";
import { OperationFailure, type FailureKind } from "../failure";
import { activeParameter } from "../registry/active";
import { readApiName } from "../registry/api-name";
import { readEntries } from "../registry/registry";
import { readDialFacts, type DialFacts } from "./dial";
import type { DriftRequest } from "./drift";
import type { Unknown } from "./model";
import type { Reader, Reading } from "./reading";

/** What stands around the stacks: the registry, and what says which cluster is active. */
export interface Around {
  readonly entries: Reading<readonly RegistryEntry[]>;
  /** Undefined when it is not there, as the name of the API. */
  readonly parameter: Reading<string | undefined>;
  readonly apiName: Reading<string | undefined>;
  readonly dial: Reading<DialFacts>;
}

/** Then nothing else of AWS would be any better. */
const HOPELESS: readonly FailureKind[] = ["denied", "unreachable", "timeout"];

/** @throws OperationFailure denied, unreachable or timeout, when AWS gives neither the registry nor the parameter */
export async function readAround(request: DriftRequest, reader: Reader): Promise<Around> {
  const { environment, endpoint, credentials, profile } = request;
  const { environment: name, account, region } = environment;
  const aws = new AwsAccount(
    { account, region, page: "docs/commands/drift.md" },
    { endpoint, credentials, profile, signal: reader.signal },
  );
  const [entries, parameter, apiName, dial] = await Promise.all([
    reader.read(() => readEntries(aws, name)),
    reader.read(async () => (await activeParameter(aws, name))?.Value),
    reader.read(() => unlessMissing(async () => (await readApiName(aws, environment)).target)),
    reader.read(() => readDialFacts(environment, reader.signal)),
  ]);
  if ([entries, parameter].every(({ problem }) => problem !== undefined && HOPELESS.includes(problem.kind))) {
    throw entries.problem;
  }
  return { entries, parameter, apiName, dial };
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OperationFailure && error.kind === "missing") {
      return undefined;
    }
    throw error;
  }
}

/** What of it could not be read. */
export const unknownAround = (
  environment: string,
  { entries, parameter, apiName, dial }: Around,
): Unknown[] => [
  ...unknownOf("registry of clusters", entries),
  ...unknownOf(`parameter ${parameters.active(environment)}`, parameter),
  ...unknownOf("name of the API", apiName),
  ...unknownOf("dial", dial),
];

/** A part that could not be read, in a list; an empty one when it was. */
export const unknownOf = (what: string, { problem }: Reading<unknown>): Unknown[] =>
  problem === undefined ? [] : [{ what, reason: problem.message, hint: problem.hint ?? null }];
