import { z } from "zod";
import { SHORT_LABEL } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { list, object, text } from "../../environment/schema-types";
import { account, region, role } from "../../environment/schema-values";
import { OperationFailure } from "../failure";
import { parametersElsewhere } from "./parameters";
import { repositoryId, storeUrl } from "./settings-values";
import { keysAre, parseYaml, readYaml, showYaml, type Rule } from "./strict-yaml";

/**
 * What an Atlantis server trusts: where stacks may keep their state, in which account, by which providers. Atlantis'
 * server has a copy that a person put there, so that nothing in a pull request changes what the pull request is held to.
 */
export type Trust = z.output<typeof schema>;

/** What a stack of one environment may reach. */
export type TrustedEnvironment = Trust["environments"][string];

/** `registry.terraform.io/hashicorp/aws`: host, namespace and type, as Terraform writes out a provider's source. */
const PROVIDER = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[a-z0-9][-\w]*\/[a-z0-9][-a-z0-9]*$/;

/** These read anything that the server can reach, or run a program: no list makes them safe. */
const REFUSED_DATA_SOURCES = new Map([
  ["external", "runs a program of the pull request's choice"],
  ["http", "sends what it is told to any server"],
  ["terraform_remote_state", "is allowed without being listed, for states of the stack's own environment"],
]);

export const profile = text(
  /^[A-Za-z0-9][\w.@+=,-]{0,63}$/,
  "a profile of the server's AWS configuration",
  "skyline-development",
);
export const providerVersion = text(/^\d+\.\d+\.\d+(-[\w.]+)?$/, "an exact version", "5.100.0");
export const providers = z.record(z.string(), providerVersion);
export const dataSources = list(
  text(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, "a type of a data source", "aws_ssm_parameter").superRefine(
    (type, context) => {
      const reason = REFUSED_DATA_SOURCES.get(type);
      if (reason !== undefined) {
        context.addIssue({ code: "custom", message: `${type} ${reason}; leave it out` });
      }
    },
  ),
  "a list of types of data sources",
  "[aws_ssm_parameter]",
);
export const providerKeys: Rule = keysAre(
  ["providers"],
  PROVIDER,
  "source of a provider; write it with host and namespace, like registry.terraform.io/hashicorp/aws",
);

const schema = object({
  schemaVersion: z.literal(1, { error: "only 1 is known; take the skyline that wrote this file" }),
  repository: repositoryId,
  store: storeUrl,
  providers,
  dataSources,
  environments: z.record(
    z.string(),
    object({
      account,
      region,
      deployer: role,
      backend: object({
        bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a name of an S3 bucket", "example-tfstate"),
        region,
      }),
      parameters: list(
        text(/^[\w./-]{1,1011}(:[\w.-]{1,128})?$/, "a name of a parameter", "/golden/worker"),
        "a list of names of parameters",
        "[/golden/worker]",
      )
        .optional()
        .meta({
          description: "Parameters of images that the environment's file names outside of Skyline's paths",
        }),
      profile: profile
        .optional()
        .meta({ description: "Where the server finds credentials of the account; default: its own" }),
    }),
  ),
});

const rule: Rule = (value) => [
  ...providerKeys(value),
  ...keysAre(["environments"], SHORT_LABEL, "name of an environment")(value),
];

/**
 * Reads a server's trust file.
 *
 * @throws OperationFailure invalid, with every problem as `file:line:column  path: what is wrong; what would be right`
 */
export const readTrust = (file: string): Trust => readYaml(file, schema, rule);

/** {@link readTrust} of text that was read before; `file` is for messages. */
export const parseTrust = (content: string, file: string): Trust => parseYaml(content, file, schema, rule);

/** What is to be trusted beside what the environment files say. */
export interface TrustSettings extends Omit<Trust, "schemaVersion" | "environments"> {
  /** By environment; one that is not here goes by the server's own credentials. */
  readonly profiles?: Readonly<Record<string, string>>;
}

/**
 * The trust file of these environments.
 *
 * @throws OperationFailure invalid for an environment whose states are local files, which no server shares; for a profile
 *   of no environment
 */
export function trustFor(environments: readonly Environment[], settings: TrustSettings): Trust {
  const { repository, store, providers: sources, dataSources: types, profiles = {} } = settings;
  const unknown = Object.keys(profiles).find(
    (name) => !environments.some((each) => each.environment === name),
  );
  if (unknown !== undefined) {
    throw new OperationFailure(
      "invalid",
      `there is a profile for ${JSON.stringify(unknown)}, and no such environment`,
    );
  }
  return {
    schemaVersion: 1,
    ...{ repository, store },
    providers: Object.fromEntries(Object.entries(sources).sort(byKey)),
    dataSources: [...new Set(types)].sort(),
    environments: Object.fromEntries(
      environments.map((each) => [each.environment, trustedPartOf(each, profiles)] as const).sort(byKey),
    ),
  };
}

function trustedPartOf(file: Environment, profiles: Readonly<Record<string, string>>): TrustedEnvironment {
  const { environment, account, region, access, state } = file;
  if (state === undefined) {
    throw new OperationFailure(
      "invalid",
      `environment ${environment} keeps its states in local files, which Atlantis' server would lose and nobody else sees`,
      "give its file a bucket, like state: { bucket: example-tfstate, region: us-east-1 }",
    );
  }
  const found = Object.hasOwn(profiles, environment) ? profiles[environment] : undefined;
  const backend = { bucket: state.bucket, region: state.region };
  const parameters = [...parametersElsewhere(file)];
  return {
    ...{ account, region, deployer: access.deployer, backend },
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(found === undefined ? {} : { profile: found }),
  };
}

const byKey = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) =>
  one < other ? -1 : 1;

/** A trust file, the same bytes for the same trust. */
export const showTrust = (trust: Trust): string => showYaml(HEADER, trust);

const HEADER = [
  "Written by skyline atlantis generate: what Atlantis' server trusts. Its copy on the server is the one that counts:",
  "put it there from the main branch, by hand or by what sets the server up, and never from a pull request.",
];

/**
 * The part of an environment.
 *
 * @param name of anybody's choice
 * @throws OperationFailure refused when the trust file does not have it
 */
export function trustedEnvironment(trust: Trust, name: string): TrustedEnvironment {
  const found = Object.hasOwn(trust.environments, name) ? trust.environments[name] : undefined;
  if (found === undefined) {
    throw new OperationFailure(
      "refused",
      `environment ${JSON.stringify(name)} is not in the server's trust file, which has ${
        Object.keys(trust.environments).join(", ") || "none"
      }`,
      "deploy the trust file first: atlantis/trust.yaml of the main branch, where the environment must be merged",
    );
  }
  return found;
}
