/**
 * What the user data of a node is made of. Every text may be a place such as `@@VOLUME_ID@@` that the caller fills in at
 * apply: nothing here is read as more than text, unless its docstring says so.
 */

/** What every node of a self-managed cluster knows of where it stands. */
export interface NodePlace {
  readonly environment: string;
  /** The cluster's name in its environment, `alpha`. */
  readonly cluster: string;
  /** The environment's domain, `development.example.internal`. */
  readonly domain: string;
  readonly region: string;
}

/** A lifecycle hook of the node's own group, which holds its termination until it has left in order. */
export interface LeaveSettings {
  /** Name of the Auto Scaling group. */
  readonly group: string;
  /** Name of the hook on `autoscaling:EC2_INSTANCE_TERMINATING`. */
  readonly lifecycleHook: string;
  /** Most seconds that the leaving may take; a node that has not left in order by then goes all the same. */
  readonly leaveLimitSeconds: number;
}

export interface EtcdMemberSettings extends NodePlace, LeaveSettings {
  /** Which member this is, from 0. A number, never a place. */
  readonly index: number;
  /** Members in all, 3 or 5. A number, never a place. */
  readonly members: number;
  /** EBS volume that outlives the instance. */
  readonly volumeId: string;
  /** Network interface that outlives the instance; its DNS name is `etcdHost(index, …)`. */
  readonly interfaceId: string;
  /** IPv4 address of that interface. */
  readonly address: string;
  /** S3 bucket of the snapshots. */
  readonly snapshotBucket: string;
  /** KMS key that encrypts them. */
  readonly snapshotKeyArn: string;
}

export interface ControllerSettings extends NodePlace {
  /** Members of etcd, which are the API servers' endpoints. A number, never a place. */
  readonly etcdMembers: number;
  /** Network of Services, `172.20.0.0/16`. Read as a network. */
  readonly serviceCidr: string;
  /** Network of pods, of which each node gets a /24. */
  readonly podCidr: string;
  /** KMS key with which secrets are encrypted at rest. */
  readonly encryptionKeyArn: string;
  /** ARNs of IAM roles and users who become cluster admins. Read as ARNs. */
  readonly admins: readonly string[];
  /** ARN of the IAM role that applies the platform stack. Read as an ARN. */
  readonly deployer: string;
  /** ARNs of the IAM roles of workers, which may ask to join. A role without a path, for which a place may stand. */
  readonly workerRoles: readonly string[];
}

export interface WorkerSettings extends NodePlace, LeaveSettings {
  /** Name of the hook on `autoscaling:EC2_INSTANCE_LAUNCHING`, which waits until the node is ready. */
  readonly launchHook: string;
  /** Base64 of the PEM of the cluster's authority, from `authorityParameter`. */
  readonly certificateAuthority: string;
  /** Network of Services, whose tenth address is that of DNS. Read as a network. */
  readonly serviceCidr: string;
  /**
   * Most pods on a node.
   * @default 110
   */
  readonly maxPods?: number;
  /**
   * Labels with which the node registers. Read as labels: keys that a kubelet may not set itself are refused.
   * @default {}
   */
  readonly labels?: Readonly<Record<string, string>>;
}
