import { registry, type RegistryEntry } from "../../../environment/naming";
import type { ClusterSpec, Environment } from "../../../environment/schema";
import { clientOptions, type AwsAccess } from "./access";
import type { Expectation } from "./expectation";

/** A cluster's entry in the registry, and what it and the name of the active cluster should say. */
export async function readRegistry(
  access: AwsAccess,
  environment: Environment,
  name: string,
  spec: ClusterSpec,
): Promise<{ entry: RegistryEntry; expectations: Expectation[] }> {
  const { GetParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const ssm = new SSMClient(clientOptions(access, access.aws));
  const parameter = async (path: string) =>
    (await ssm.send(new GetParameterCommand({ Name: path }))).Parameter?.Value ?? "";
  const entry = JSON.parse(await parameter(registry.cluster(environment.environment, name))) as RegistryEntry;
  const active = await parameter(registry.active(environment.environment));
  return {
    entry,
    expectations: [
      ["registry: kind", entry.kind, spec.kind],
      ["registry: version", entry.version, spec.kubernetes],
      ["registry: deployer", entry.deployer, environment.access.deployer],
      ["active cluster", active === name, spec.role === "active"],
    ],
  };
}
