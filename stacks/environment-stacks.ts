import type { App } from "cdktf";
import type { Environment } from "../environment/schema";
import { ClusterStack } from "./cluster-stack";
import { MeshStack } from "./mesh-stack";
import { NetworkStack } from "./network-stack";
import { PlatformStack } from "./platform-stack";

/** All stacks of an environment, in the order in which they are applied. */
export function addEnvironment(app: App, environment: Environment): void {
  const network = new NetworkStack(app, environment);
  const mesh = new MeshStack(app, environment);
  mesh.addDependency(network);
  for (const name of Object.keys(environment.clusters)) {
    const cluster = new ClusterStack(app, environment, name);
    cluster.addDependency(mesh);
    const platform = new PlatformStack(app, environment, name);
    platform.addDependency(cluster);
  }
}
