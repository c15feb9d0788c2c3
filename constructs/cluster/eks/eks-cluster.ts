import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { EksCluster as AwsEksCluster } from "@cdktf/provider-aws/lib/eks-cluster";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { parseCidr } from "../../../environment/cidr";
import {
  clusterResourceName,
  DEFAULT_SERVICE_CIDR,
  ports,
  skylineNamespaces,
  WORKER_SERVICE,
} from "../../../environment/naming";
import { assumedBy, awsManagedPolicy, type Statement } from "../../iam";
import type { Network } from "../../network/network";
import { checkAccess } from "../check-access";
import type { Cluster, GatewayTargets } from "../cluster";
import { ClusterKey } from "../cluster-key";
import { ControlPlaneSecurity } from "../control-plane-security";
import { registryEntry } from "../registry-entry";
import { WorkerSecurity } from "../worker-security";
import { AdminAccess, DeployerAccess } from "./access";
import { AddOns, type AddOnVersions } from "./add-ons";
import { EndpointAccess } from "./endpoint-access";
import { NodeGroup, type NodeGroupOptions } from "./node-group";
import { NodeRole } from "./node-role";

export interface EksClusterProps {
  /** Name of the environment, prefix of everything that the cluster is made of. */
  readonly environment: string;
  /** The cluster's name in its environment: a DNS label of at most 20 characters. It is the cluster's identity. */
  readonly clusterName: string;
  /** Account that the cluster is in, 12 digits. */
  readonly account: string;
  readonly region: string;
  readonly network: Network;
  /** Minor version of Kubernetes, `1.35`. */
  readonly version: string;
  /** ARNs of IAM roles or users that are cluster admins; at least one. */
  readonly admins: readonly string[];
  /** ARN of the role that applies the platform stack. Its access is scoped, and no admin's. */
  readonly deployer: string;
  /** Pinned versions of the EKS add-ons. */
  readonly addOns: AddOnVersions;
  /** @default EndpointAccess.PRIVATE */
  readonly endpointAccess?: EndpointAccess;
  /**
   * Networks outside the VPC that use the private endpoint, by name.
   * @default [] - only the VPC
   */
  readonly clients?: readonly { readonly name: string; readonly cidr: string }[];
  /**
   * Network of Kubernetes Services. Cannot be changed later.
   * @default "172.20.0.0/16"
   */
  readonly serviceCidr?: string;
  /**
   * Namespaces that the deployer administers.
   * @default ["default", "skyline-system"]
   */
  readonly deployerNamespaces?: readonly string[];
  /**
   * Refuse plans that destroy the cluster or its key. Only while both are in the code: what is taken out of it has lost
   * its `prevent_destroy` as well.
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * Days that control plane logs are kept.
   * @default 90
   */
  readonly logRetentionDays?: number;
}

/** All logs that a control plane has: without audit and authenticator nobody can say who did what. */
const CONTROL_PLANE_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/**
 * An EKS cluster that only named people and the deployer get into: private endpoint, API authentication mode, no admin
 * rights for whoever created it, secrets encrypted by an own key, all control plane logs, pinned add-ons.
 *
 * @throws Error on a name, admin list, deployer or Service network that cannot be used
 */
export class EksCluster extends Construct implements Cluster {
  readonly kind = "eks";
  readonly clusterName: string;
  readonly resourceName: string;
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly workerSecurityGroupId: string;
  readonly gatewayTargets: GatewayTargets;
  readonly version: string;
  readonly serviceCidr: string;

  private readonly cluster: AwsEksCluster;
  private readonly nodeRole: NodeRole;
  private readonly addOns: AddOns;
  private readonly nodeGroups: Construct;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EksClusterProps,
  ) {
    super(scope, id);
    check(props);
    const { environment, clusterName, network } = props;
    const name = clusterResourceName(environment, clusterName);
    this.clusterName = clusterName;
    this.resourceName = name;
    this.version = props.version;
    this.serviceCidr = props.serviceCidr ?? DEFAULT_SERVICE_CIDR;

    const logGroupName = `/aws/eks/${name}/cluster`;
    const key = new ClusterKey(this, "key", {
      name,
      description: `Secrets and control plane logs of the Kubernetes cluster ${name}`,
      account: props.account,
      statements: [controlPlaneLogs(props, logGroupName)],
      deletionProtection: props.deletionProtection ?? true,
    });
    // Made before the cluster: EKS would make it itself, without encryption and never expiring.
    const logs = new CloudwatchLogGroup(this, "log-group", {
      name: logGroupName,
      retentionInDays: props.logRetentionDays ?? 90,
      kmsKeyId: key.arn,
    });
    const role = new IamRole(this, "role", {
      name: `${name}-control-plane`,
      assumeRolePolicy: assumedBy("eks.amazonaws.com"),
    });
    const rights = new IamRolePolicyAttachment(this, "role-policy", {
      role: role.name,
      policyArn: awsManagedPolicy("AmazonEKSClusterPolicy"),
    });
    const security = new ControlPlaneSecurity(this, "control-plane-security", {
      name,
      vpcId: network.vpcId,
      vpcCidr: network.cidr,
      clients: props.clients ?? [],
    });
    const publicCidrs = [...(props.endpointAccess ?? EndpointAccess.PRIVATE).publicCidrs];

    this.cluster = new AwsEksCluster(this, "cluster", {
      name,
      version: props.version,
      roleArn: role.arn,
      enabledClusterLogTypes: CONTROL_PLANE_LOGS,
      // The add-ons below are pinned; what EKS installs by itself is not.
      bootstrapSelfManagedAddons: false,
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      encryptionConfig: { resources: ["secrets"], provider: { keyArn: key.arn } },
      kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: this.serviceCidr },
      // Extended support costs six times as much and begins by itself; a version that runs out is to be noticed.
      upgradePolicy: { supportType: "STANDARD" },
      vpcConfig: {
        subnetIds: network.privateSubnetIds,
        securityGroupIds: [security.securityGroupId],
        endpointPrivateAccess: true,
        endpointPublicAccess: publicCidrs.length > 0,
        publicAccessCidrs: publicCidrs.length > 0 ? publicCidrs : undefined,
      },
      dependsOn: [logs, rights],
      lifecycle: { preventDestroy: props.deletionProtection ?? true },
    });
    this.endpoint = this.cluster.endpoint;
    this.certificateAuthority = this.cluster.certificateAuthority.get(0).data;
    this.gatewayTargets = { service: WORKER_SERVICE, meta: { cluster: clusterName }, port: ports.inbound };

    const access = new Construct(this, "access");
    const admins = new Construct(access, "admins");
    for (const principalArn of props.admins) {
      new AdminAccess(admins, principalArn.replace(/^arn:[^:]*:iam::/, ""), {
        cluster: this.cluster,
        principalArn,
      });
    }
    new DeployerAccess(access, "deployer", {
      cluster: this.cluster,
      roleArn: props.deployer,
      namespaces: [...(props.deployerNamespaces ?? skylineNamespaces("default"))],
    });

    const workers = new WorkerSecurity(this, "worker-security", {
      name,
      vpcId: network.vpcId,
      vpcCidr: network.cidr,
    });
    this.workerSecurityGroupId = workers.securityGroupId;
    const { account, region } = props;
    this.nodeRole = new NodeRole(this, "node-role", { name, environment, account, region });
    this.addOns = new AddOns(this, "add-ons", { name, cluster: this.cluster, versions: props.addOns });
    this.nodeGroups = new Construct(this, "node-groups");
  }

  /**
   * Adds a group of workers.
   * @param id the group's name in the cluster: a DNS label of at most 20 characters
   * @throws Error when the name is no such label, or two instance types need different images
   */
  addNodeGroup(id: string, options: NodeGroupOptions): NodeGroup {
    const group = new NodeGroup(this.nodeGroups, id, {
      ...options,
      groupName: id,
      environment: this.props.environment,
      region: this.props.region,
      clusterName: this.clusterName,
      eksName: this.resourceName,
      version: this.version,
      endpoint: this.endpoint,
      certificateAuthority: this.certificateAuthority,
      serviceCidr: this.serviceCidr,
      subnetIds: this.props.network.privateSubnetIds,
      nodeRole: this.nodeRole,
      securityGroupIds: [this.cluster.vpcConfig.clusterSecurityGroupId, this.workerSecurityGroupId],
      after: this.addOns.beforeNodes,
    });
    this.addOns.follow(group.nodes);
    return group;
  }

  /** The registry's entry as JSON, for its SSM parameter. */
  registryEntry(): string {
    return registryEntry(this, { version: this.version, deployer: this.props.deployer });
  }
}

/** Lets CloudWatch encrypt the one log group with the cluster's key. */
const controlPlaneLogs = ({ region, account }: EksClusterProps, logGroupName: string): Statement => ({
  Sid: "ControlPlaneLogs",
  Effect: "Allow",
  Principal: { Service: `logs.${region}.amazonaws.com` },
  Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
  Resource: ["*"],
  Condition: {
    ArnEquals: {
      "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${account}:log-group:${logGroupName}`,
    },
  },
});

function check(props: EksClusterProps): void {
  checkAccess(props);
  const services = parseCidr(props.serviceCidr ?? DEFAULT_SERVICE_CIDR);
  if (typeof services === "string") {
    throw new Error(services);
  }
}
