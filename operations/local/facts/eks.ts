import { clusterResourceName } from "../../../environment/naming";
import type { Environment, EksClusterSpec } from "../../../environment/schema";
import { clientOptions, type AwsAccess } from "./access";
import { unmet, type Expectation } from "./expectation";
import { readRegistry } from "./registry";

/** An EKS cluster as AWS tells of it. */
export interface EksFacts {
  readonly kind: "eks";
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

/**
 * Reads a cluster and its entry in the registry back through the AWS API and holds them against the environment.
 * @returns what AWS tells, and every way in which it is not what the environment asks for
 */
export async function readEks(
  access: AwsAccess,
  environment: Environment,
  name: string,
  spec: EksClusterSpec,
): Promise<{ facts: EksFacts; wrong: string[] }> {
  const {
    DescribeClusterCommand,
    EKSClient,
    ListAccessEntriesCommand,
    ListAddonsCommand,
    ListNodegroupsCommand,
  } = await import("@aws-sdk/client-eks");
  const eks = new EKSClient(clientOptions(access, access.eks));
  const clusterName = clusterResourceName(environment.environment, name);
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }));
  const { addons = [] } = await eks.send(new ListAddonsCommand({ clusterName }));
  const { accessEntries = [] } = await eks.send(new ListAccessEntriesCommand({ clusterName }));
  const { entry, expectations } = await readRegistry(access, environment, name, spec);

  const facts: EksFacts = {
    kind: "eks",
    cluster: name,
    name: clusterName,
    status: cluster?.status ?? "unknown",
    version: cluster?.version ?? "unknown",
    private: cluster?.resourcesVpcConfig?.endpointPublicAccess === false,
    nodeGroups: [...nodegroups].sort(),
    addOns: [...addons].sort(),
    accessEntries: [...accessEntries].sort(),
  };
  const expected: Expectation[] = [
    ...expectations,
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
    ["registry: endpoint", entry.endpoint, cluster?.endpoint],
  ];
  return { facts, wrong: unmet(expected) };
}
