import type { Environment } from "../../environment/schema";
import { OperationFailure } from "../failure";
import { awsStore, type PkiAwsOptions } from "./aws-store";
import { readCertificate } from "./certificate-check";
import { renewed } from "./complete";
import { titleOf, type Files, type PkiGroup, type PkiSecret } from "./contents";
import { pkiGroups, secretOf } from "./groups";
import type { PkiStore, Stored } from "./store";
import { readGroup } from "./status";

export interface RenewOptions {
  /** Name of a cluster. Default: Consul's certificates. */
  readonly cluster?: string;
  /** Parts of names of secrets, `etcd-0`. Default: all that hold certificates. */
  readonly secrets?: readonly string[];
  /** Writes nothing, and tells what would be renewed. */
  readonly dryRun?: boolean;
  /** Told of each secret when it is done. */
  readonly report?: (renewal: Renewal) => void;
  /** Default: the time. */
  readonly now?: Date;
}

/** What was done with a secret; of a dry run, what would be. */
export interface Renewal {
  readonly secret: string;
  readonly action: "renewed" | "unchanged";
  /** The new current version; null when there is none. */
  readonly version: string | null;
  readonly certificates: readonly RenewedCertificate[];
}

export interface RenewedCertificate {
  readonly file: string;
  /** ISO 8601; null when there was no certificate that could be read. */
  readonly expired: string | null;
  readonly expires: string;
}

export interface RenewResult {
  readonly environment: string;
  readonly cluster: string | null;
  readonly dryRun: boolean;
  readonly renewals: readonly Renewal[];
}

/**
 * Issues certificates with new keys from the authority that exists, as a new version of their secrets. Nodes take them
 * when they start the next time; the versions before stay valid until they expire.
 *
 * @throws OperationFailure when AWS cannot be reached or refuses, a secret is not there, or another run writes it
 */
export async function renewPki(
  environment: Environment,
  options: RenewOptions & PkiAwsOptions = {},
): Promise<RenewResult> {
  selection(environment, options);
  return renewIn(await awsStore(environment, options), environment, options);
}

/** {@link renewPki} in any store. */
export async function renewIn(
  store: PkiStore,
  environment: Environment,
  options: RenewOptions = {},
): Promise<RenewResult> {
  const { dryRun = false, now = new Date() } = options;
  const { group, secrets } = selection(environment, options);
  const stored = (await readGroup(store, group)).secrets;
  const known = new Map(
    [...stored].flatMap(([name, found]): [string, Files][] =>
      found.state === "present" ? [[name, found.files]] : [],
    ),
  );
  const current = secrets.map((secret) => ({ secret, ...present(environment, secret, stored) }));
  const renewals: Renewal[] = [];
  for (const { secret, files, version } of current) {
    const all = await renewed(secret, files, known, now);
    const changed = Object.entries(all).some(([file, text]) => files[file] !== text);
    const written = changed && !dryRun ? await store.replace(secret, all, version) : undefined;
    if (changed && !dryRun && written === undefined) {
      throw new OperationFailure(
        "conflict",
        `secret ${secret.name} was written by somebody else at the same time`,
        `skyline pki status --env ${environment.environment}`,
      );
    }
    known.set(secret.name, all);
    const renewal: Renewal = {
      secret: secret.name,
      action: changed ? "renewed" : "unchanged",
      version: written ?? null,
      certificates: certificatesIn(secret, files, all),
    };
    renewals.push(renewal);
    options.report?.(renewal);
  }
  return { environment: environment.environment, cluster: group.cluster ?? null, dryRun, renewals };
}

/** What is to be renewed; authorities are not: every certificate and every node would have to change with them. */
function selection(environment: Environment, { cluster, secrets }: RenewOptions) {
  const group = pkiGroups(environment, cluster === undefined ? [] : [cluster]).find(
    (candidate) => candidate.cluster === cluster,
  ) as PkiGroup;
  const named = secrets?.map((part) => secretOf(group, part));
  const authority = named?.find(holdsAuthority);
  if (authority !== undefined) {
    throw new OperationFailure(
      "invalid",
      `${authority.part} of ${titleOf(group)} holds an authority, which cannot be renewed`,
      "docs/commands/pki.md says how to replace an authority",
    );
  }
  return { group, secrets: named ?? group.secrets.filter((secret) => !holdsAuthority(secret)) };
}

const holdsAuthority = ({ contents }: PkiSecret) => contents.some(({ kind }) => kind === "authority");

function present({ environment }: Environment, { name }: PkiSecret, stored: ReadonlyMap<string, Stored>) {
  const found = stored.get(name);
  if (found?.state !== "present") {
    throw new OperationFailure(
      "refused",
      `there is nothing to renew in secret ${name}: it is ${found?.state ?? "absent"}`,
      `skyline pki init --env ${environment}`,
    );
  }
  return found;
}

const certificatesIn = ({ contents }: PkiSecret, before: Files, after: Files): RenewedCertificate[] =>
  contents.flatMap((content) => {
    const file = content.kind === "certificate" ? `${content.name}.crt` : "";
    const expires = endOf(after[file]);
    return expires === null ? [] : [{ file, expired: endOf(before[file]), expires }];
  });

function endOf(text: string | undefined): string | null {
  const certificate = readCertificate(text);
  return certificate === undefined ? null : new Date(certificate.validTo).toISOString();
}
