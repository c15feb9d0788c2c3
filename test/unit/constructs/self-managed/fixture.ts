import { NodeImage } from "../../../../constructs/instances/node-image";
import { Scaling } from "../../../../constructs/cluster/scaling";
import {
  SelfManagedCluster,
  type SelfManagedClusterProps,
} from "../../../../constructs/cluster/self-managed/self-managed-cluster";
import type { WorkerGroupOptions } from "../../../../constructs/cluster/self-managed/worker-group";
import type { Network } from "../../../../constructs/network/network";
import type { Block, SynthesizedStack } from "../../../../testing";
import { inStack } from "../../../support/construct";

export const network: Network = {
  vpcId: "vpc-1",
  cidr: "10.0.0.0/16",
  privateSubnetIds: ["subnet-a", "subnet-b", "subnet-c"],
  publicSubnetIds: [],
  privateZoneId: "Z1",
};
export const admin = "arn:aws:iam::111111111111:role/platform-admin";
export const deployer = "arn:aws:iam::111111111111:role/atlantis";
export const image = NodeImage.id("ami-0123456789abcdef0");
export const least: SelfManagedClusterProps = {
  environment: "example",
  clusterName: "alpha",
  account: "111111111111",
  region: "us-east-1",
  network,
  zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
  domain: "example.internal",
  version: "1.35.4",
  admins: [admin],
  deployer,
  etcd: { instanceType: "m7i.large", volumeGiB: 50, image },
  controllers: { instanceType: "m7i.large", image },
};
export const general: WorkerGroupOptions = {
  scaling: Scaling.fixed(3),
  instanceTypes: ["m7i.xlarge", "m6i.xlarge"],
  image,
};

export const make = (
  props: Partial<SelfManagedClusterProps> = {},
  workers: (cluster: SelfManagedCluster) => void = () => undefined,
): SynthesizedStack =>
  inStack((stack) => workers(new SelfManagedCluster(stack, "cluster", { ...least, ...props })));

export const withWorkers = (options: Partial<WorkerGroupOptions> = {}) =>
  make({}, (cluster) => cluster.addWorkers("general", { ...general, ...options }));

/** The groups by name. */
export const group = (stack: SynthesizedStack, name: string) => stack.only("aws_autoscaling_group", { name });

/** User data as a node gets it, but for what Terraform puts into its places. */
export function userData(stack: SynthesizedStack, template: string): string {
  const encoded = String(stack.only("aws_launch_template", { name: template }).user_data);
  const literal = /base64decode\("([^"]+)"\)/.exec(encoded)?.[1] ?? encoded;
  return Buffer.from(literal, "base64").toString("utf8");
}

interface Statement {
  readonly Action: string[];
  readonly Resource: string[];
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** Statements of a policy that `jsonencode` makes, with Terraform's references left as they are. */
export function statements(block: Block): Statement[] {
  // cdktf writes objects in HCL's own syntax: "key" = value.
  const expression = String(block.policy)
    .replace(/^\$\{jsonencode\(/, "")
    .replace(/\)\}$/, "");
  const json = expression
    .replace(/"((?:[^"\\]|\\.)*)" = /g, '"$1": ')
    .replace(/(?<=[[ ,])((?:data\.)?aws_[\w.-]+)(?=[\],}])/g, '"$1"');
  return (JSON.parse(json) as { Statement: Statement[] }).Statement;
}

/** Of every instance role: people get onto its nodes. */
export const SESSION_MANAGER = {
  Effect: "Allow",
  Action: [
    "ssm:UpdateInstanceInformation",
    ...["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
      (action) => `ssmmessages:${action}`,
    ),
    ...["AcknowledgeMessage", "DeleteMessage", "FailMessage", "GetEndpoint", "GetMessages", "SendReply"].map(
      (action) => `ec2messages:${action}`,
    ),
  ],
  Resource: ["*"],
};

/** Statements of a role's own policy. */
export const rightsOf = (stack: SynthesizedStack, role: string) =>
  stack
    .all("aws_iam_role_policy")
    .filter((block) => String(block.role).includes(role))
    .flatMap(statements);
