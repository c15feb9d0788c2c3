import type { Environment } from "../../environment/schema";
import { OperationFailure } from "../failure";
import { awsStore, type PkiAwsOptions } from "./aws-store";
import { completed } from "./complete";
import {
  filesOf,
  missingContents,
  originsOf,
  type Content,
  type Files,
  type PkiGroup,
  type PkiSecret,
} from "./contents";
import { pkiGroups } from "./groups";
import { inspect, parameterValue, type Finding, type GroupAsStored } from "./inspect";
import type { PkiStore, Stored } from "./store";

export interface InitOptions {
  /** Names of clusters, to leave the other ones out. Default: every self-managed cluster that is not removed. */
  readonly clusters?: readonly string[];
  /** Writes nothing, and tells what would be written. */
  readonly dryRun?: boolean;
  /** Told of each secret and parameter when it is done. */
  readonly report?: (outcome: Outcome) => void;
  /** Default: the time. */
  readonly now?: Date;
}

/** What was done with a secret or a parameter; of a dry run, what would be. */
export interface Outcome {
  readonly kind: "secret" | "parameter";
  readonly name: string;
  /** Null: Consul's, or of the environment. */
  readonly cluster: string | null;
  readonly action: "created" | "completed" | "unchanged";
  /** Names of the files that were made. */
  readonly files: readonly string[];
}

export interface InitResult {
  readonly environment: string;
  readonly dryRun: boolean;
  readonly outcomes: readonly Outcome[];
  /** What stands and is not as the environment file wants it; init does not touch it. Empty after a dry run. */
  readonly findings: readonly Finding[];
}

/**
 * Makes the authorities, certificates, keys and tokens that an environment lacks. What is there is left as it is, so
 * that it can be run at any time, again after it was killed, and by several people at once.
 *
 * @throws OperationFailure when AWS cannot be reached or refuses, or an authority is lost whose certificates stand
 */
export async function initPki(
  environment: Environment,
  options: InitOptions & PkiAwsOptions = {},
): Promise<InitResult> {
  pkiGroups(environment, options.clusters);
  return initIn(await awsStore(environment, options), environment, options);
}

/** {@link initPki} in any store. */
export async function initIn(
  store: PkiStore,
  environment: Environment,
  options: InitOptions = {},
): Promise<InitResult> {
  const { dryRun = false, now = new Date() } = options;
  const outcomes: Outcome[] = [];
  const findings: Finding[] = [];
  for (const group of pkiGroups(environment, options.clusters)) {
    const run = new GroupInit(store, group, dryRun, now, (outcome) => {
      outcomes.push(outcome);
      options.report?.(outcome);
    });
    const stored = await run.run();
    findings.push(...(dryRun ? [] : inspect(environment.environment, group, stored, now).findings));
  }
  return { environment: environment.environment, dryRun, outcomes, findings };
}

/** How often a secret may change under a run before it gives up. */
const ATTEMPTS = 10;

class GroupInit {
  private readonly secrets = new Map<string, Stored>();
  private readonly known = new Map<string, Files>();
  private parameter: string | undefined;

  constructor(
    private readonly store: PkiStore,
    private readonly group: PkiGroup,
    private readonly dryRun: boolean,
    private readonly now: Date,
    private readonly report: (outcome: Outcome) => void,
  ) {}

  async run(): Promise<GroupAsStored> {
    await this.readAll();
    for (const secret of this.group.secrets) {
      await this.ensure(secret);
    }
    await this.ensureParameter();
    return { secrets: this.secrets, parameter: this.parameter };
  }

  /**
   * The last one first: what is made from an authority is read before the authority, so that whoever sees the one and
   * not the other has not just met another run between them.
   */
  private async readAll(): Promise<void> {
    const { secrets, parameter } = this.group;
    this.parameter = parameter && (await this.store.readParameter(parameter.name));
    for (const secret of [...secrets].reverse()) {
      this.secrets.set(secret.name, await this.store.read(secret));
    }
  }

  private async ensure(secret: PkiSecret): Promise<void> {
    let stored: Stored = this.secrets.get(secret.name) ?? { state: "absent" };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const files = filesIn(secret, stored);
      const missing = missingContents(secret, files);
      missing.forEach((content) => this.refuseLost(secret, content));
      if (missing.length === 0) {
        return this.done(secret, stored, files, "unchanged", []);
      }
      const action = stored.state === "absent" ? "created" : "completed";
      const made = missing.flatMap(filesOf);
      if (this.dryRun) {
        return this.done(secret, stored, files, action, made);
      }
      const all = await completed(secret, files, this.known, this.now);
      const version =
        stored.state === "absent"
          ? await this.store.create(secret, this.group, all)
          : await this.store.replace(secret, all, stored.state === "present" ? stored.version : undefined);
      if (version !== undefined) {
        return this.done(secret, { state: "present", version, files: all }, all, action, made);
      }
      // Another run was first: what it has written is what counts.
      stored = await this.store.readExisting(secret);
    }
    throw new OperationFailure(
      "conflict",
      `secret ${secret.name} changes all the time`,
      "see who else writes it",
    );
  }

  private done(
    secret: PkiSecret,
    stored: Stored,
    files: Files,
    action: Outcome["action"],
    made: readonly string[],
  ): void {
    this.secrets.set(secret.name, stored);
    this.known.set(secret.name, files);
    this.report({
      kind: "secret",
      name: secret.name,
      cluster: this.group.cluster ?? null,
      action,
      files: made,
    });
  }

  /** What was lost cannot be made again while others were made from it: they would not fit. */
  private refuseLost(secret: PkiSecret, content: Content): void {
    if (content.kind === "certificate" || content.kind === "copy") {
      return;
    }
    const lost = filesOf(content);
    const from = ({ secret: name, file }: { secret: string; file: string }) =>
      name === secret.name && lost.includes(file);
    const dependant = this.group.secrets.find(({ name, contents }) => {
      const stored = this.secrets.get(name);
      return (
        stored?.state === "present" &&
        contents.some(
          (other) => originsOf(other).some(from) && filesOf(other).some((file) => stored.files[file]),
        )
      );
    });
    const { parameter } = this.group;
    const left =
      dependant?.name ??
      (parameter !== undefined && from(parameter.from) && this.parameter !== undefined
        ? parameter.name
        : undefined);
    if (left !== undefined) {
      throw new OperationFailure(
        "conflict",
        `${lost.join(" and ")} of secret ${secret.name} ${lost.length === 1 ? "is" : "are"} lost, and ${left} was made from it`,
        `restore it (aws secretsmanager restore-secret --secret-id ${secret.name}), or give up the rest as docs/commands/pki.md says`,
      );
    }
  }

  private async ensureParameter(): Promise<void> {
    const { parameter, cluster = null } = this.group;
    const value = parameterValue(this.group, { secrets: this.secrets });
    if (parameter === undefined) {
      return;
    }
    const { name } = parameter;
    if (this.parameter === undefined) {
      const won =
        this.dryRun || (value !== undefined && (await this.store.createParameter(name, this.group, value)));
      if (won) {
        this.parameter = value;
        return this.report({ kind: "parameter", name, cluster, action: "created", files: [] });
      }
      this.parameter = await this.store.readParameter(name);
    }
    this.report({ kind: "parameter", name, cluster, action: "unchanged", files: [] });
  }
}

/** @throws OperationFailure when nobody but a person can tell what to do */
function filesIn({ name }: PkiSecret, stored: Stored): Files {
  switch (stored.state) {
    case "present":
      return stored.files;
    case "absent":
    case "empty":
      return {};
    case "deleted":
      throw new OperationFailure(
        "conflict",
        `secret ${name} is deleted, and its name is taken until it is gone for good`,
        `aws secretsmanager restore-secret --secret-id ${name}`,
      );
    case "unreadable":
      throw new OperationFailure(
        "conflict",
        `secret ${name} is no JSON object from file names to texts; skyline pki has not written it`,
        "see in the AWS console who has, and delete it or put its version before back",
      );
  }
}
