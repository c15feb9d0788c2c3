import {
  DescribeClusterCommand,
  EKSClient,
  ListAccessEntriesCommand,
  ListAddonsCommand,
  ListNodegroupsCommand,
} from "@aws-sdk/client-eks";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { clusterResourceName, registry, type RegistryEntry } from "../../environment/naming";
import type { Environment, EksClusterSpec } from "../../environment/schema";

/** A cluster as AWS tells of it. */
export interface ClusterFacts {
  /** Name in the environment. */
  readonly cluster: string;
  /** Name in AWS. */
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly private: boolean;
  readonly nodeGroups: readonly string[];
  readonly addOns: readonly string[];
  readonly accessEntries: readonly string[];
}

/** Where the SDKs find AWS. */
export interface AwsAccess {
  readonly aws: string;
  readonly eks: string;
  readonly account: string;
  readonly region: string;
}

const clientOptions = (access: AwsAccess, endpoint: string) => ({
  endpoint,
  region: access.region,
  credentials: { accessKeyId: access.account, secretAccessKey: "emulated" },
});

/**
 * Reads a cluster and its entry in the registry back through the AWS API and holds them against the environment.
 * @returns what AWS tells, and every way in which it is not what the environment asks for
 */
export async function readCluster(
  access: AwsAccess,
  environment: Environment,
  name: string,
  spec: EksClusterSpec,
): Promise<{ facts: ClusterFacts; wrong: string[] }> {
  // The SDK's remark on the age of Node is no business of who runs this.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const eks = new EKSClient(clientOptions(access, access.eks));
  const ssm = new SSMClient(clientOptions(access, access.aws));
  const clusterName = clusterResourceName(environment.environment, name);
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }));
  const { addons = [] } = await eks.send(new ListAddonsCommand({ clusterName }));
  const { accessEntries = [] } = await eks.send(new ListAccessEntriesCommand({ clusterName }));
  const parameter = async (path: string) =>
    (await ssm.send(new GetParameterCommand({ Name: path }))).Parameter?.Value ?? "";
  const entry = JSON.parse(await parameter(registry.cluster(environment.environment, name))) as RegistryEntry;
  const active = await parameter(registry.active(environment.environment));

  const facts: ClusterFacts = {
    cluster: name,
    name: clusterName,
    status: cluster?.status ?? "unknown",
    version: cluster?.version ?? "unknown",
    private: cluster?.resourcesVpcConfig?.endpointPublicAccess === false,
    nodeGroups: [...nodegroups].sort(),
    addOns: [...addons].sort(),
    accessEntries: [...accessEntries].sort(),
  };
  const expected: [string, unknown, unknown][] = [
    ["status", facts.status, "ACTIVE"],
    ["version", facts.version, spec.kubernetes],
    ["private endpoint only", facts.private, spec.publicAccess === undefined],
    ["private endpoint", cluster?.resourcesVpcConfig?.endpointPrivateAccess, true],
    ["authentication mode", cluster?.accessConfig?.authenticationMode, "API"],
    ["creator is admin", cluster?.accessConfig?.bootstrapClusterCreatorAdminPermissions, false],
    ["encrypted", cluster?.encryptionConfig?.[0]?.resources?.join(), "secrets"],
    ["node groups", facts.nodeGroups.join(), Object.keys(spec.workers).sort().join()],
    ["add-ons", facts.addOns.join(), Object.keys(spec.addOns).sort().join()],
    [
      "access entries",
      facts.accessEntries
        .filter((arn) => !arn.includes("/aws-service-role/") && !arn.endsWith("-node"))
        .join(),
      [...environment.access.admins, environment.access.deployer].sort().join(),
    ],
    ["registry: kind", entry.kind, "eks"],
    ["registry: endpoint", entry.endpoint, cluster?.endpoint],
    ["registry: deployer", entry.deployer, environment.access.deployer],
    ["active cluster", active === name, spec.role === "active"],
  ];
  const wrong = expected
    .filter(([, got, want]) => got !== want)
    .map(([what, got, want]) => `${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
  return { facts, wrong };
}
