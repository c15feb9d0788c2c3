import type { Environment } from "../../environment/schema";
import { AwsAccount, type AwsOptions } from "../aws/account";
import { OperationFailure } from "../failure";
import { controlPlane } from "../registry/live";
import { activeEntry, readRegistry, type Registry } from "../registry/registry";
import { checkAdmin, issueAdmin } from "./admin";
import { checkTokenSource, type Credentials } from "./credentials";
import { entriesOf, type EnvironmentAccess } from "./entries";
import { readFileAt, updateFile } from "./file";
import type { Marker } from "./marker";
import { merge, type EntryChange, type Merged, type Wanted } from "./merge";

/** An environment of a refresh. */
export interface RefreshEnvironment {
  readonly name: string;
  readonly region: string;
  /** Undefined when no file says it. */
  readonly account: string | undefined;
  readonly credentials: Credentials;
  /** A static certificate for a cluster of it. */
  readonly admin?: {
    readonly environment: Environment;
    readonly cluster: string;
    readonly seconds: number;
    readonly by: string;
  };
}

export interface RefreshOptions extends Omit<AwsOptions, "profile"> {
  readonly path: string;
  /** `check` and `dry-run` write nothing. */
  readonly mode: "write" | "check" | "dry-run";
  /** Makes the context of this environment's active cluster the current one. */
  readonly use?: string;
  /** Removes entries of ours of these environments whose cluster is gone. */
  readonly prune: boolean;
  readonly report?: (line: string) => void;
}

/** An environment that was read, or why it was not. */
export interface EnvironmentOutcome {
  readonly environment: string;
  /** Null when it failed. */
  readonly active: string | null;
  /** Names of its contexts. */
  readonly contexts: readonly string[];
  readonly failure: OperationFailure | null;
}

export interface RefreshResult {
  /** The file itself, behind links. */
  readonly file: string;
  readonly environments: readonly EnvironmentOutcome[];
  readonly changes: readonly EntryChange[];
  /** Entries of ours whose cluster is gone, and that stay without `prune`. */
  readonly gone: readonly string[];
  readonly currentContext: Merged["currentContext"];
  /** Whether the file is, or was, not as it should be. */
  readonly stale: boolean;
  readonly written: boolean;
}

/**
 * Makes the contexts of environments in a kubeconfig what their registries say.
 *
 * @throws OperationFailure when no environment could be read, or the file cannot be changed; it is as it was then
 */
export async function refresh(
  environments: readonly RefreshEnvironment[],
  options: RefreshOptions,
): Promise<RefreshResult> {
  const { path, mode, use, prune, report, signal } = options;
  const sources = [...new Set(environments.map(({ credentials }) => credentials.source))];
  const [outcomes] = await Promise.all([
    Promise.all(environments.map((environment) => outcomeOf(environment, options))),
    // Where nothing is written, nobody is about to use a token.
    ...(mode === "write" ? sources.map((source) => checkTokenSource(source, signal)) : []),
  ]);
  const read = outcomes.flatMap(({ access }) => access ?? []);
  const [failure] = outcomes.flatMap((outcome) => outcome.failure ?? []);
  if (read.length === 0 && failure !== undefined) {
    throw failure;
  }
  const names = new Set(read.map(({ registry }) => registry.environment));
  const expired = ({ expires }: Marker) => expires !== undefined && Date.parse(expires) <= Date.now();
  const isGone = (marker: Marker) => names.has(marker.environment) && !isKnown(read, marker);
  const wanted: Wanted = {
    entries: read.flatMap(entriesOf),
    goes: (marker) => names.has(marker.environment) && (expired(marker) || (prune && isGone(marker))),
    currentContext: use,
    fallback: ({ environment }) => environment,
  };
  const change = (text: string) => merge(text, wanted, path);

  let merged: Merged | undefined;
  let target: string;
  let written = false;
  let stale: boolean;
  if (mode === "write") {
    const updated = await updateFile(path, (text) => (merged = change(text)).text, { signal, report });
    ({ target, changed: written } = updated);
    stale = written;
  } else {
    const file = await readFileAt(path);
    target = file.target;
    merged = change(file.text);
    stale = merged.text !== file.text || file.open;
  }
  const { changes, currentContext, contexts } = merged as Merged;
  return {
    file: target,
    environments: outcomes.map(({ name, access, failure: why }) => ({
      environment: name,
      active: access?.registry.active ?? null,
      contexts: access === undefined ? [] : contextsOf(access),
      failure: why ?? null,
    })),
    changes,
    gone: prune
      ? []
      : contexts.filter(({ marker }) => marker !== undefined && isGone(marker)).map(({ name }) => name),
    currentContext,
    stale,
    written,
  };
}

interface Outcome {
  readonly name: string;
  readonly access?: EnvironmentAccess;
  readonly failure?: OperationFailure;
}

/** One environment that cannot be read does not keep the others from being refreshed. */
async function outcomeOf(environment: RefreshEnvironment, options: RefreshOptions): Promise<Outcome> {
  const { name } = environment;
  try {
    return { name, access: await accessOf(environment, options) };
  } catch (error) {
    if (!(error instanceof OperationFailure) || error.kind === "interrupted") {
      throw error;
    }
    return { name, failure: error };
  }
}

async function accessOf(
  { name, region, account, credentials, admin }: RefreshEnvironment,
  { endpoint, credentials: keys, signal, timeoutMs, report, mode }: RefreshOptions,
): Promise<EnvironmentAccess> {
  const given = { endpoint, credentials: keys, signal, timeoutMs, profile: credentials.profile };
  const aws = new AwsAccount({ account, region, page: "docs/commands/kubeconfig.md" }, given);
  const registry = await readRegistry(aws, name);
  if (admin !== undefined) {
    checkAdmin(admin.environment, admin.cluster, registry);
  }
  await refuseInactive(aws, registry, report);
  const certificate =
    admin === undefined || mode !== "write"
      ? undefined
      : await issueAdmin(admin.environment, admin.cluster, {
          ...given,
          by: admin.by,
          seconds: admin.seconds,
        });
  return { registry, region, credentials, admin: certificate };
}

/** People are not sent to a cluster that is on its way up or down. */
async function refuseInactive(
  aws: AwsAccount,
  registry: Registry,
  report: RefreshOptions["report"],
): Promise<void> {
  const entry = activeEntry(registry);
  let status: string | null;
  try {
    ({ status } = await controlPlane(aws, registry.environment, entry));
  } catch (error) {
    if (!(error instanceof OperationFailure) || error.kind !== "denied") {
      throw error;
    }
    // Who may read the registry need not be allowed to ask EKS.
    report?.(`whether EKS has ${entry.name} up is unknown: ${error.message}`);
    return;
  }
  if (status !== null && !["ACTIVE", "UPDATING"].includes(status)) {
    throw new OperationFailure(
      "refused",
      `the active cluster ${entry.name} of ${registry.environment} is ${status} in EKS`,
      `skyline clusters --env ${registry.environment}`,
    );
  }
}

function isKnown(read: readonly EnvironmentAccess[], { environment, cluster }: Marker): boolean {
  const found = read.find(({ registry }) => registry.environment === environment);
  return cluster === undefined || found?.registry.clusters.some(({ name }) => name === cluster) === true;
}

const contextsOf = (access: EnvironmentAccess) =>
  entriesOf(access)
    .filter(({ section }) => section === "contexts")
    .map(({ name }) => name);
