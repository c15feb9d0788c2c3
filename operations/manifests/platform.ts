import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { loadEnvironment } from "../../environment/load";
import { skylineNamespaces, stackNames } from "../../environment/naming";
import type { ClusterSpec } from "../../environment/schema";
import { synthesize } from "../app";
import { findEnvironments } from "../environments/find";
import { clusterOf } from "../environments/named";
import { OperationFailure } from "../failure";
import { isolated } from "../isolated";
import { stacksOf } from "../synthesized";
import { bootstrapManifests } from "./bootstrap";
import { manifestsOf, type Manifest } from "./manifests";
import { selfManagedBootstrap } from "./self-managed/bootstrap";

export interface PlatformOptions {
  /** Folder of the project, with cdktf.json. */
  readonly root: string;
  /** Folder of the environment files. */
  readonly environments: string;
  readonly environment: string;
  readonly cluster: string;
  readonly signal: AbortSignal;
}

/** What a platform stack puts into its cluster. */
export interface PlatformContents {
  readonly kind: ClusterSpec["kind"];
  /** Namespaces that the deployer administers. */
  readonly administered: readonly string[];
  readonly manifests: readonly Manifest[];
}

/**
 * What the platform stack of a cluster puts into it, from a run of the project's own app. A removed cluster's stack
 * holds nothing.
 *
 * @throws OperationFailure when there is no such environment or cluster, the app fails, or its code cannot be converted;
 *   InvalidEnvironmentError when the environment's file is wrong
 */
export async function platformContents(options: PlatformOptions): Promise<PlatformContents> {
  const [found] = findEnvironments(options.environments, options.environment);
  if (found === undefined) {
    throw new OperationFailure("invalid", `no environment ${options.environment}`);
  }
  const loaded = loadEnvironment(found.file);
  const { environment, mesh } = loaded;
  const spec = clusterOf(loaded, options.cluster);
  const folder = await mkdtemp(join(tmpdir(), "skyline-manifests-"));
  try {
    const output = join(folder, "cdktf.out");
    // The app is of the project's own making, and needs no way into an account.
    const env = isolated({ SKYLINE_ENVIRONMENTS: resolve(dirname(found.file)) });
    await synthesize({ root: options.root, output, env, signal: options.signal }, join(folder, "app.log"));
    const name = stackNames.platform(environment, options.cluster);
    const stack = stacksOf(output, environment).find((candidate) => candidate.name === name);
    if (stack === undefined) {
      throw new OperationFailure(
        "invalid",
        `the app has made no stack ${name}`,
        "see main.ts, which makes it",
      );
    }
    const code = await readFile(join(stack.folder, "cdk.tf.json"), "utf8");
    return {
      kind: spec.kind,
      administered: skylineNamespaces(mesh.service.namespace),
      manifests: manifestsOf(JSON.parse(code) as Record<string, unknown>),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an admin applies once, before the deployer can apply the platform. */
export const bootstrapOf = ({ kind, administered, manifests }: PlatformContents): Manifest[] =>
  kind === "self-managed" ? selfManagedBootstrap(manifests, administered) : bootstrapManifests(manifests);
