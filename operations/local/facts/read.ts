import type { Environment } from "../../../environment/schema";
import { OperationFailure } from "../../failure";
import type { AwsAccess } from "./access";
import { readEks, type EksFacts } from "./eks";
import { readGroups } from "./groups";
import { readMesh, type MeshFacts } from "./mesh";
import { readSelfManaged, type SelfManagedFacts } from "./self-managed";

export type ClusterFacts = EksFacts | SelfManagedFacts;

/** What stands, as AWS tells of it. */
export interface EnvironmentFacts {
  readonly mesh: MeshFacts;
  readonly clusters: readonly ClusterFacts[];
}

/**
 * Reads what stands back through the AWS API.
 * @throws OperationFailure when it is not what the environment asks for, with every difference
 */
export async function readEnvironment(
  access: AwsAccess,
  environment: Environment,
): Promise<EnvironmentFacts> {
  const groups = await readGroups(access, environment.environment);
  const { facts: mesh, wrong } = readMesh(environment, groups);
  const problems = wrong.map((text) => `mesh: ${text}`);
  const clusters: ClusterFacts[] = [];
  for (const [name, spec] of Object.entries(environment.clusters)) {
    if (spec.role === "removed") {
      continue;
    }
    const read =
      spec.kind === "eks"
        ? await readEks(access, environment, name, spec)
        : await readSelfManaged(access, environment, groups, name, spec);
    clusters.push(read.facts);
    problems.push(...read.wrong.map((text) => `cluster ${name}: ${text}`));
  }
  if (problems.length > 0) {
    throw new OperationFailure(
      "verification",
      `what stands is not what was asked for:\n${problems.join("\n")}`,
    );
  }
  return { mesh, clusters };
}
