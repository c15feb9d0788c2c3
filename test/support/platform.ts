import { join } from "node:path";
import { loadEnvironment } from "../../environment/load";
import { stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { bootstrapManifests } from "../../operations/manifests/bootstrap";
import { manifestsOf, type Manifest } from "../../operations/manifests/manifests";
import { toYaml } from "../../operations/manifests/yaml";
import { addEnvironment } from "../../stacks/environment-stacks";
import { synthesize, type SynthesizedStack } from "../../testing";

/** The platform stack of the repository's own development environment. */
export interface Platform {
  readonly environment: Environment;
  readonly stack: SynthesizedStack;
  /** What `skyline manifests` prints, and what it prints with `--bootstrap`. */
  readonly manifests: readonly Manifest[];
  readonly yaml: string;
  readonly bootstrapYaml: string;
}

export function developmentPlatform(): Platform {
  const environment = loadEnvironment(join(__dirname, "..", "..", "environments", "development.yaml"));
  const [cluster] = Object.entries(environment.clusters).find(([, { role }]) => role === "active") ?? [""];
  const name = stackNames.platform(environment.environment, cluster);
  const stack = synthesize((app) => addEnvironment(app, environment))[name];
  if (stack === undefined) throw new Error(`there is no stack ${name}`);
  const manifests = manifestsOf(stack.code);
  return {
    environment,
    stack,
    manifests,
    yaml: toYaml(manifests),
    bootstrapYaml: toYaml(bootstrapManifests(manifests)),
  };
}
