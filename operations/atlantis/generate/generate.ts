import { join } from "node:path";
import { environmentFile, listEnvironments } from "../../../environment/folder";
import { loadEnvironment } from "../../../environment/load";
import { OperationFailure } from "../../failure";
import { filesFrom } from "./files";
import { leftoversOf, removeFile, textOf, writeFile } from "./output";
import { parseSettings, SETTINGS_FILE, showSettings, type FirstSettings } from "./settings";
import { readApp } from "./stacks";

export interface GenerateOptions {
  /** The repository: where `atlantis.yaml` and `atlantis/` are. */
  readonly output: string;
  /** Folder of the environment files, relative to it. */
  readonly directory: string;
  /** Folder of the synthesized stacks. */
  readonly stacks: string;
  /** Writes the settings, which must not be there with other values. */
  readonly first: Partial<FirstSettings>;
  /** Writes nothing. */
  readonly dryRun: boolean;
}

/** A file that was not as it should be. */
export interface GeneratedFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly action: "created" | "changed" | "removed";
  readonly before?: string;
  readonly after?: string;
}

export interface Generated {
  /** Sorted by path; empty when everything is as it should be. */
  readonly changes: readonly GeneratedFile[];
  /** Stacks that Atlantis plans. */
  readonly stacks: readonly string[];
  /** Stacks of the app that say nothing of an environment: Atlantis does not plan them. */
  readonly leftOut: readonly string[];
}

/**
 * Writes Atlantis' configuration from the settings, the environment files and the synthesized stacks. Everything is
 * checked before the first file is written, each takes its place at once, and what an earlier version has generated goes.
 *
 * @throws OperationFailure invalid or missing; InvalidEnvironmentError
 */
export function generate({ output, directory, stacks, first, dryRun }: GenerateOptions): Generated {
  const settingsText = settingsOf(output, first);
  const settings = parseSettings(settingsText, join(output, SETTINGS_FILE));
  const folder = join(output, directory);
  const environments = listEnvironments(folder).map((name) => loadEnvironment(environmentFile(folder, name)));
  if (environments.length === 0) {
    throw new OperationFailure("invalid", `${folder} has no environment files`);
  }
  const app = readApp(stacks, environments);
  const wanted = new Map([
    ...filesFrom({ settings, environments, directory, stacks: app.stacks }),
    [SETTINGS_FILE, settingsText] as const,
  ]);
  const changes = [
    ...[...wanted].flatMap(([path, after]) => changeOf(path, textOf(join(output, path)), after)),
    ...leftoversOf(output, wanted).map((path): GeneratedFile => ({
      path,
      action: "removed",
      before: textOf(join(output, path)) ?? "",
    })),
  ].sort((one, other) => (one.path < other.path ? -1 : 1));
  if (!dryRun) {
    for (const { path, after } of changes) {
      if (after === undefined) {
        removeFile(join(output, path));
      } else {
        writeFile(join(output, path), after);
      }
    }
  }
  return { changes, stacks: app.stacks.map(({ name }) => name), leftOut: app.leftOut };
}

function changeOf(path: string, before: string | undefined, after: string): GeneratedFile[] {
  return before === after
    ? []
    : [{ path, action: before === undefined ? "created" : "changed", before, after }];
}

/** The settings' text: of their file, or of what was given for the first time. */
function settingsOf(output: string, first: Partial<FirstSettings>): string {
  const file = join(output, SETTINGS_FILE);
  const found = textOf(file);
  if (found !== undefined) {
    const settings = parseSettings(found, file);
    const other = (["repository", "store", "branch", "folder"] as const).find(
      (key) => first[key] !== undefined && first[key] !== settings[key],
    );
    if (other !== undefined) {
      throw new OperationFailure(
        "invalid",
        `--${other} ${first[other]} is not what ${file} says: ${settings[other]}`,
        `edit ${file}, and generate without --${other}`,
      );
    }
    return found;
  }
  const { repository, store, ...rest } = first;
  if (repository === undefined || store === undefined) {
    throw new OperationFailure(
      "invalid",
      `${file} is not there`,
      "name the repository and the store once: --repository github.com/example/platform --store https://artefacts.example.internal/skyline",
    );
  }
  return showSettings({ repository, store, ...rest });
}
