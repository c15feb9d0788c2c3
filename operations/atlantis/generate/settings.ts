import { z } from "zod";
import { list, object, text, wants } from "../../../environment/schema-types";
import { branchName, repositoryId, storeUrl } from "../settings-values";
import { parseYaml, showYaml } from "../strict-yaml";
import { dataSources, profile, providerKeys, providers } from "../trust";

/**
 * What a team chooses once for its repository, in `atlantis/settings.yaml`: all that is generated comes from this file,
 * the environment files and the synthesized stacks, so that a check needs no options.
 */
export type Settings = z.output<typeof schema>;

/** Where the settings are, relative to the repository. */
export const SETTINGS_FILE = "atlantis/settings.yaml";

/**
 * Files that can change what any stack is: dockerignore patterns relative to the repository. Atlantis plans a stack when
 * a pull request changes one of them, and refuses to plan it while main has changes of them that the branch lacks.
 */
const CODE = [
  "**/*.ts",
  "!test/**",
  "package.json",
  "package-lock.json",
  "tsconfig*.json",
  "cdktf.json",
  ".npmrc",
  "images/contract.json",
  "mesh/**",
];

const pattern = text(
  /^!?(?![/!])(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9_.*?/-]{1,200}$/,
  "a pattern of files, relative to the repository",
  "**/*.ts",
);

const schema = object({
  schemaVersion: z.literal(1, { error: "only 1 is known; take the skyline that wrote this file" }),
  repository: repositoryId,
  branch: branchName.default("main"),
  store: storeUrl,
  folder: text(
    /^(?!.*\/\.{1,2}(\/|$))(\/[A-Za-z0-9_.-]+){1,10}$/,
    "a folder of Atlantis' server (an absolute path of letters, digits and . _ -)",
    "/etc/skyline",
  )
    .default("/etc/skyline")
    .meta({ description: "Where the server has its copies of these files" }),
  code: list(pattern, "a list of patterns of files", '["**/*.ts", package.json]')
    .min(1, "is empty; without a pattern no change of the code would be planned")
    .default(CODE)
    .meta({ description: "Files that can change any stack" }),
  liveDial: z
    .boolean({ error: wants("whether plans ask Consul for the dial", "true") })
    .default(false)
    .meta({ description: "Ask Consul for the weights at each plan; without its answer there is no plan" }),
  profiles: z
    .record(z.string(), profile)
    .default({})
    .meta({ description: "Profiles of the server's AWS configuration, by environment" }),
  providers: providers
    .default({})
    .meta({ description: "Providers that are trusted beside Skyline's own, each in one version" }),
  dataSources: dataSources
    .default([])
    .meta({ description: "Data sources that are trusted beside Skyline's own" }),
});

/**
 * Settings from the text of their file; `file` is for messages.
 *
 * @throws OperationFailure invalid, with every problem as `file:line:column  path: what is wrong; what would be right`
 */
export const parseSettings = (content: string, file: string): Settings =>
  parseYaml(content, file, schema, providerKeys);

/** What a person gives the first time. */
export type FirstSettings = Pick<z.input<typeof schema>, "repository" | "store" | "branch" | "folder">;

/** A new settings file: what was given, and nothing that has a default. */
export const showSettings = (given: FirstSettings): string =>
  showYaml(HEADER, { schemaVersion: 1, ...given });

const HEADER = [
  "What skyline atlantis generate goes by, beside the environment files and the synthesized stacks. Edit it here, and",
  "generate again. Keys and defaults: docs/commands/atlantis.md",
];
