import type { Environment } from "../../../environment/schema";
import { OperationFailure } from "../../failure";
import { showTrust, trustFor } from "../trust";
import { SKYLINE_DATA_SOURCES, SKYLINE_PROVIDERS } from "./defaults";
import { projectsFile } from "./projects";
import { serverFile } from "./server";
import { reposFile } from "./server-repos";
import type { Settings } from "./settings";
import type { PlannedStack } from "./stacks";
import { templates } from "./templates";

export interface Sources {
  readonly settings: Settings;
  readonly environments: readonly Environment[];
  /** Folder of the environment files, relative to the repository. */
  readonly directory: string;
  readonly stacks: readonly PlannedStack[];
}

/** Every file that is generated, by its path relative to the repository, sorted. The same sources give the same bytes. */
export function filesFrom({
  settings,
  environments,
  directory,
  stacks,
}: Sources): ReadonlyMap<string, string> {
  const trust = trustFor(environments, {
    repository: settings.repository,
    store: settings.store,
    providers: { ...SKYLINE_PROVIDERS, ...settings.providers },
    dataSources: [...SKYLINE_DATA_SOURCES, ...settings.dataSources],
    profiles: settings.profiles,
  });
  const watched = { code: settings.code, environments: inRepository(directory) };
  return new Map([
    ["atlantis.yaml", projectsFile(stacks, watched)],
    ["atlantis/repos.yaml", reposFile(settings)],
    ["atlantis/server.yaml", serverFile(settings)],
    ...Object.entries(templates).map(([name, text]) => [`atlantis/templates/${name}`, text] as const),
    ["atlantis/trust.yaml", showTrust(trust)],
  ]);
}

/** It becomes a pattern, in which other characters would mean more than themselves. */
function inRepository(directory: string): string {
  const folder = directory.replace(/^(\.\/)+|\/+$/g, "");
  if (!/^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/.test(folder)) {
    throw new OperationFailure(
      "invalid",
      `${JSON.stringify(directory)} is no folder of the repository that Atlantis could watch`,
      "name it relative to the repository, like --directory environments",
    );
  }
  return folder;
}
