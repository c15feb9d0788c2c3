import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { Construct } from "constructs";
import { parseCidr } from "../../../environment/cidr";
import {
  apiHost,
  authorityParameter,
  clusterResourceName,
  DEFAULT_POD_CIDR,
  DEFAULT_SERVICE_CIDR,
  ports,
  WORKER_SERVICE,
} from "../../../environment/naming";
import type { Network } from "../../network/network";
import { checkAccess } from "../check-access";
import type { Cluster, GatewayTargets } from "../cluster";
import { ClusterKey } from "../cluster-key";
import { registryEntry } from "../registry-entry";
import { ApiBalancer } from "./api-balancer";
import { ClusterSecurity } from "./cluster-security";
import { Controllers, type ControllerOptions } from "./controllers";
import { Etcd, type EtcdOptions } from "./etcd";
import { LaunchRole } from "../../instances/launch-role";
import type { ClusterPlace } from "./place";
import { WorkerGroup, type WorkerGroupOptions } from "./worker-group";
import { WorkerRole, workerRoleName } from "./worker-role";

export interface SelfManagedClusterProps {
  /** Name of the environment, prefix of everything that the cluster is made of. */
  readonly environment: string;
  /** The cluster's name in its environment: a DNS label of at most 20 characters. It is the cluster's identity. */
  readonly clusterName: string;
  /** Account that the cluster is in, 12 digits. */
  readonly account: string;
  readonly region: string;
  readonly network: Network;
  /** Availability zones of the network's private subnets, in the same order; an etcd member a zone, from the first. */
  readonly zones: readonly string[];
  /** Domain of the network's private zone. */
  readonly domain: string;
  /** Version of Kubernetes in the images, `1.35.4`. */
  readonly version: string;
  /** ARNs of IAM roles or users that are cluster admins; at least one. */
  readonly admins: readonly string[];
  /** ARN of the role that applies the platform stack. Its access is scoped, and no admin's. */
  readonly deployer: string;
  readonly etcd: EtcdOptions;
  readonly controllers: ControllerOptions;
  /**
   * Networks outside the VPC that use the API, by name.
   * @default [] - only the VPC
   */
  readonly clients?: readonly { readonly name: string; readonly cidr: string }[];
  /**
   * Network of Kubernetes Services. Cannot be changed later.
   * @default "172.20.0.0/16"
   */
  readonly serviceCidr?: string;
  /**
   * Network of pods, of which each worker has a /24. Cannot be changed later.
   * @default "100.64.0.0/16"
   */
  readonly podCidr?: string;
  /**
   * Refuse plans that destroy the volumes of etcd, its snapshots or the key, and have AWS keep the API's load balancer.
   * The plans only while all this is in the code: what is taken out of it has lost its `prevent_destroy` as well.
   * @default true
   */
  readonly deletionProtection?: boolean;
}

/**
 * A Kubernetes cluster on instances of one's own: etcd whose members keep volume, address and name, controllers behind
 * an internal load balancer, workers that join by their role. No key of an authority is in Terraform: `skyline pki init`
 * makes them before the cluster, and each instance reads its own secret.
 *
 * @throws Error on a name, admin list, deployer or network that cannot be used
 */
export class SelfManagedCluster extends Construct implements Cluster {
  readonly kind = "self-managed";
  readonly clusterName: string;
  readonly resourceName: string;
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly workerSecurityGroupId: string;
  readonly gatewayTargets: GatewayTargets;

  private readonly place: ClusterPlace;
  private readonly serviceCidr: string;
  private readonly workerRole: WorkerRole;
  private readonly workers: Construct;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SelfManagedClusterProps,
  ) {
    super(scope, id);
    checkAccess(props);
    const { environment, clusterName, account, region, network, zones, domain } = props;
    const name = clusterResourceName(environment, clusterName);
    this.clusterName = clusterName;
    this.resourceName = name;
    this.serviceCidr = checkedNetwork(props.serviceCidr ?? DEFAULT_SERVICE_CIDR);
    const podCidr = checkedNetwork(props.podCidr ?? DEFAULT_POD_CIDR);
    this.endpoint = `https://${apiHost(clusterName, domain)}`;
    this.gatewayTargets = { service: WORKER_SERVICE, meta: { cluster: clusterName }, port: ports.inbound };
    // A certificate is no secret, and insecure_value lets a plan show a new one.
    this.certificateAuthority = new DataAwsSsmParameter(this, "authority", {
      name: authorityParameter(environment, clusterName),
    }).insecureValue;

    const deletionProtection = props.deletionProtection ?? true;
    const launchRole = new LaunchRole(this, "launch-role", {
      name,
      launches: `nodes of the Kubernetes cluster ${name}`,
    });
    const key = new ClusterKey(this, "key", {
      name,
      description: `Volumes, secrets and snapshots of the Kubernetes cluster ${name}`,
      account,
      statements: launchRole.keyStatements,
      deletionProtection,
    });
    this.place = {
      environment,
      clusterName,
      name,
      domain,
      account,
      region,
      network,
      zones,
      keyArn: key.arn,
      launchRoleArn: launchRole.arn,
      deletionProtection,
    };
    const { place } = this;
    const security = new ClusterSecurity(this, "security", { name, network, clients: props.clients ?? [] });
    this.workerSecurityGroupId = security.workers;

    const etcd = new Etcd(this, "etcd", { ...props.etcd, place, securityGroupId: security.etcd });
    const balancer = new ApiBalancer(this, "api", { place, securityGroupId: security.balancer });
    new Controllers(this, "controllers", {
      ...props.controllers,
      place,
      securityGroupId: security.controllers,
      targetGroupArn: balancer.targetGroupArn,
      etcdMembers: etcd.members,
      serviceCidr: this.serviceCidr,
      podCidr,
      admins: props.admins,
      deployer: props.deployer,
      workerRoles: [`arn:aws:iam::${account}:role/${workerRoleName(place)}`],
    });
    this.workerRole = new WorkerRole(this, "worker-role", { place });
    this.workers = new Construct(this, "workers");
  }

  /**
   * Adds a group of workers.
   * @param id the group's name in the cluster: a DNS label of at most 20 characters
   * @throws Error when the name is no such label or taken, or two instance types need different images
   */
  addWorkers(id: string, options: WorkerGroupOptions): WorkerGroup {
    return new WorkerGroup(this.workers, id, {
      ...options,
      place: this.place,
      groupName: id,
      certificateAuthority: this.certificateAuthority,
      serviceCidr: this.serviceCidr,
      securityGroupId: this.workerSecurityGroupId,
      role: this.workerRole,
    });
  }

  /** The registry's entry as JSON, for its SSM parameter. */
  registryEntry(): string {
    return registryEntry(this, { version: this.props.version, deployer: this.props.deployer });
  }
}

/** @throws Error when the text is no network */
function checkedNetwork(text: string): string {
  const parsed = parseCidr(text);
  if (typeof parsed === "string") {
    throw new Error(parsed);
  }
  return parsed.text;
}
