import { createHash } from "node:crypto";
import { tagKeys } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { AwsAccount, type AwsOptions } from "../aws/account";
import { OperationFailure } from "../failure";
import { pause } from "../processes";
import type { Files, PkiSecret } from "./contents";
import type { Belonging, PkiStore, Stored } from "./store";

/** {@link AwsOptions}, and with what new secrets are encrypted. */
export interface PkiAwsOptions extends AwsOptions {
  /** KMS key of new secrets, by id, ARN or alias. Default: the account's `aws/secretsmanager`. */
  readonly kmsKey?: string;
}

/** How long a secret that exists may be unreadable: Secrets Manager answers before all of it knows. */
const SETTLE_MS = 30_000;

/**
 * Secrets Manager and the parameters of an environment's account.
 *
 * Secrets are named by an ARN that holds the account: with credentials of another one, AWS refuses the first read, and
 * nothing is written where no instance would look.
 */
export async function awsStore(environment: Environment, options: PkiAwsOptions): Promise<PkiStore> {
  // Loaded when needed: other commands should not pay for it.
  const [secretsManager, ssm] = await Promise.all([
    import("@aws-sdk/client-secrets-manager"),
    import("@aws-sdk/client-ssm"),
  ]);
  const { account, region } = environment;
  const aws = new AwsAccount({ account, region, page: "docs/commands/pki.md" }, options);
  const { settings, abortSignal } = aws;
  const ask: AwsAccount["ask"] = (...request) => aws.ask(...request);
  const secrets = new secretsManager.SecretsManagerClient(settings);
  const parameters = new ssm.SSMClient(settings);

  const arn = ({ name }: PkiSecret) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}`;
  const tags = ({ cluster }: Belonging) => [
    { Key: tagKeys.environment, Value: environment.environment },
    ...(cluster === undefined ? [] : [{ Key: tagKeys.cluster, Value: cluster }]),
  ];

  const describe = (secret: PkiSecret) =>
    ask(
      `looking at secret ${secret.name}`,
      () =>
        secrets.send(new secretsManager.DescribeSecretCommand({ SecretId: arn(secret) }), { abortSignal }),
      "ResourceNotFoundException",
    );

  const store: PkiStore = {
    async read(secret) {
      const command = new secretsManager.GetSecretValueCommand({ SecretId: arn(secret) });
      const value = await ask(
        `reading secret ${secret.name}`,
        async () => {
          try {
            return await secrets.send(command, { abortSignal });
          } catch (error) {
            // The one name for all that cannot be done with a secret in its state.
            const refused = error instanceof Error && error.name === "InvalidRequestException";
            if (refused && (await describe(secret))?.DeletedDate !== undefined) {
              return "deleted";
            }
            throw error;
          }
        },
        "ResourceNotFoundException",
      );
      if (value === undefined) {
        return { state: "absent" };
      }
      return value === "deleted" ? { state: value } : stored(value.VersionId, value.SecretString);
    },

    async readExisting(secret) {
      const until = Date.now() + SETTLE_MS;
      for (;;) {
        const found = await store.read(secret);
        if (found.state !== "absent") {
          return found;
        }
        const description = await describe(secret);
        if (description !== undefined && Object.keys(description.VersionIdsToStages ?? {}).length === 0) {
          return { state: "empty" };
        }
        if (Date.now() > until) {
          throw new OperationFailure(
            "conflict",
            `secret ${secret.name} exists and cannot be read`,
            "see in the AWS console what it is, or run it again",
          );
        }
        await pause(200);
      }
    },

    async create(secret, group, files) {
      const command = new secretsManager.CreateSecretCommand({
        Name: secret.name,
        Description: `For ${secret.reader}. Made by skyline pki`,
        KmsKeyId: options.kmsKey,
        SecretString: JSON.stringify(files),
        Tags: tags(group),
      });
      const created = await ask(
        `creating secret ${secret.name}`,
        () => secrets.send(command, { abortSignal }),
        "ResourceExistsException",
      );
      return created === undefined ? undefined : (created.VersionId ?? "");
    },

    async replace(secret, files, base) {
      for (let attempt = 0; attempt < 100; attempt++) {
        const command = new secretsManager.PutSecretValueCommand({
          SecretId: arn(secret),
          SecretString: JSON.stringify(files),
          ClientRequestToken: successor(secret.name, base, attempt),
        });
        const put = await ask(
          `writing secret ${secret.name}`,
          () => secrets.send(command, { abortSignal }),
          "ResourceExistsException",
        );
        if (put !== undefined) {
          return put.VersionId ?? "";
        }
        // Either another run was first, or somebody has gone back to `base` since it was followed.
        const now = await store.read(secret);
        if (now.state !== "present" || now.version !== base) {
          return undefined;
        }
      }
      return undefined;
    },

    async readParameter(name) {
      const command = new ssm.GetParameterCommand({ Name: name });
      const found = await ask(
        `reading parameter ${name}`,
        () => parameters.send(command, { abortSignal }),
        "ParameterNotFound",
      );
      return found?.Parameter?.Value;
    },

    async createParameter(name, group, value) {
      const command = new ssm.PutParameterCommand({
        Name: name,
        Description: "Certificate of a cluster's authority. Made by skyline pki",
        Type: "String",
        Value: value,
        Tags: tags(group),
      });
      const created = await ask(
        `creating parameter ${name}`,
        () => parameters.send(command, { abortSignal }),
        "ParameterAlreadyExists",
      );
      return created !== undefined;
    },
  };
  return store;
}

/**
 * Id of the version that follows another one. It is computed, so that two runs that start from the same version ask for
 * the same id, and AWS gives it to one of them alone.
 */
function successor(secret: string, base: string | undefined, attempt: number): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([secret, base ?? null, attempt]))
    .digest("hex");
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/** Nothing of what it holds goes into an error: a parser's message quotes what it could not parse. */
function stored(version: string | undefined, text: string | undefined): Stored {
  if (version === undefined || text === undefined) {
    return { state: "unreadable" };
  }
  try {
    const files: unknown = JSON.parse(text);
    const ok =
      typeof files === "object" &&
      files !== null &&
      !Array.isArray(files) &&
      Object.values(files).every((value) => typeof value === "string");
    return ok ? { state: "present", version, files: files as Files } : { state: "unreadable" };
  } catch {
    return { state: "unreadable" };
  }
}
