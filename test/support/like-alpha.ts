import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { parseDocument, type YAMLMap } from "yaml";
import { loadEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";
import { addEnvironment } from "../../stacks/environment-stacks";
import { REPOSITORY, type TerraformProject } from "./terraform-project";

interface LikeAlpha {
  /** By cluster. */
  readonly roles: Readonly<Record<string, string>>;
  /** Of alpha's general workers. */
  readonly workerImage?: string;
  /** States in local files, and not in the bucket. */
  readonly localState?: boolean;
}

/**
 * Writes the development environment into a project, with clusters that are all another alpha, in these roles, and
 * synthesizes it.
 */
export function writeLikeAlpha(
  project: TerraformProject,
  { roles, workerImage, localState = false }: LikeAlpha,
): Environment {
  const document = parseDocument(readFileSync(join(REPOSITORY, "environments", "development.yaml"), "utf8"));
  if (localState) {
    document.delete("state");
  }
  const alpha = (document.getIn(["clusters", "alpha"]) as YAMLMap).toJSON() as object;
  const clusters = Object.entries(roles).map(([name, role]) => [name, { ...alpha, role }] as const);
  document.set("clusters", document.createNode(Object.fromEntries(clusters)));
  if (workerImage !== undefined) {
    document.setIn(["clusters", "alpha", "workers", "general", "image"], { id: workerImage });
  }
  const file = join(project.root, "environments", "development.yaml");
  writeFileSync(file, document.toString());
  const environment = loadEnvironment(file);
  const app = new App({ outdir: project.output });
  addEnvironment(app, environment);
  app.synth();
  return environment;
}
