import { join } from "node:path";
import { defineEnvironment } from "../../environment/define";
import { loadEnvironment } from "../../environment/load";
import { skylineNamespaces, stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { manifestsOf, type Manifest } from "../../operations/manifests/manifests";
import { bootstrapOf } from "../../operations/manifests/platform";
import { toYaml } from "../../operations/manifests/yaml";
import { addEnvironment } from "../../stacks/environment-stacks";
import { PlatformStack } from "../../stacks/platform-stack";
import { exampleEnvironment, synthesize, type SynthesizedStack } from "../../testing";

/** The platform stack of a cluster. */
export interface Platform {
  readonly environment: Environment;
  readonly stack: SynthesizedStack;
  /** What `skyline manifests` prints, and what it prints with `--bootstrap`. */
  readonly manifests: readonly Manifest[];
  readonly yaml: string;
  readonly bootstrap: readonly Manifest[];
  readonly bootstrapYaml: string;
}

/** That of the EKS cluster of the repository's own development environment. */
export function developmentPlatform(): Platform {
  const environment = loadEnvironment(join(__dirname, "..", "..", "environments", "development.yaml"));
  const [cluster] = Object.entries(environment.clusters).find(([, { kind }]) => kind === "eks") ?? [""];
  const stacks = synthesize((app) => addEnvironment(app, environment));
  return platformOf(environment, cluster, stacks);
}

/** That of a self-managed cluster `charlie` in an environment of its own. */
export function selfManagedPlatform(): Platform {
  const image = { ssm: "/skyline/images/worker/latest" };
  const example = exampleEnvironment();
  const environment = defineEnvironment({
    ...example,
    mesh: { ...example.mesh, mesosServices: ["organization"] },
    clusters: {
      charlie: {
        kind: "self-managed",
        role: "active",
        kubernetes: "1.35.4",
        etcd: { instanceType: "m7i.large", volumeGiB: 20, image },
        controllers: { count: 3, instanceType: "m7i.large", image },
        workers: { general: { scaling: { fixed: 3 }, instanceTypes: ["m7i.xlarge"], image } },
      },
    },
  });
  return platformOf(
    environment,
    "charlie",
    synthesize((app) => new PlatformStack(app, environment, "charlie")),
  );
}

function platformOf(
  environment: Environment,
  cluster: string,
  stacks: Readonly<Record<string, SynthesizedStack>>,
): Platform {
  const name = stackNames.platform(environment.environment, cluster);
  const stack = stacks[name];
  const spec = environment.clusters[cluster];
  if (stack === undefined || spec === undefined) throw new Error(`there is no stack ${name}`);
  const manifests = manifestsOf(stack.code);
  const bootstrap = bootstrapOf({
    kind: spec.kind,
    administered: skylineNamespaces(environment.mesh.service.namespace),
    manifests,
  });
  return {
    environment,
    stack,
    manifests,
    yaml: toYaml(manifests),
    bootstrap,
    bootstrapYaml: toYaml(bootstrap),
  };
}
