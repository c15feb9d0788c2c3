/** What the processes of a booted cluster tell one another: types alone, so that programs in namespaces import nothing. */

/** A subnet of the network, with the first address for its router. */
export interface Subnet {
  readonly cidr: string;
  readonly router: string;
  readonly prefix: number;
}

/** An interface that EC2 can attach. */
export interface Card {
  readonly id: string;
  readonly mac: string;
  /** Of its subnet. */
  readonly cidr: string;
}

/** Addresses of the network that the machines are in, as a VPC has them. */
export interface NetworkPlan {
  readonly subnets: readonly Subnet[];
  /** The VPC's resolver. */
  readonly resolver: string;
  /** Where every name of AWS leads. */
  readonly aws: string;
  /** The balancer in front of the API servers or the gateways. */
  readonly balancer: string;
  /** Length of the prefix of the subnet in which these addresses are. */
  readonly prefix: number;
}

export interface Target {
  readonly address: string;
  readonly port: number;
}

export interface BalancerSettings {
  readonly port: number;
  /** Of the health check. */
  readonly protocol: "http" | "https";
  /**
   * Port of the health check.
   * @default - the target's own
   */
  readonly checkPort?: number;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Answers in a row that change what a target is taken for. */
  readonly threshold: number;
}

export interface HubSettings {
  readonly network: NetworkPlan;
  /** Unix socket by which tests steer the hub. */
  readonly control: string;
  /** Unix socket that leads to the AWS emulator outside the namespace. */
  readonly emulator: string;
  /** For names of AWS, PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Unix sockets that lead into the namespace. */
  readonly doors: readonly (Target & { readonly socket: string })[];
  readonly balancer: BalancerSettings;
}

/** An instance as the emulator of EC2 has it, and as its metadata service speaks of it. */
export interface Instance {
  readonly id: string;
  /** Of the machine's first process, seen from outside. */
  readonly pid: number;
  readonly address: string;
  readonly zone: string;
  readonly region: string;
  readonly account: string;
  readonly hostname: string;
  /** MAC address of its first interface, and the subnet that it is in. */
  readonly mac: string;
  readonly cidr: string;
  readonly userData: string;
  /** Name of its instance profile's role, and what the metadata service hands out for it. */
  readonly role: string;
  readonly credentials: { readonly key: string; readonly secret: string; readonly token: string };
  readonly lifecycle: "InService" | "Terminated";
}

/** A disk that EC2 can attach: a file outside every machine. */
export interface Disk {
  readonly volume: string;
  readonly file: string;
}

/** All that tests tell the hub; each part is replaced as a whole. */
export interface HubState {
  readonly names: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
  readonly disks: readonly Disk[];
  readonly cards: readonly Card[];
  readonly targets: readonly Target[];
  /** Secret access keys by access key, of sessions of roles. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A call of AWS as it came from a machine. */
export interface AwsCall {
  readonly at: number;
  readonly instance: string;
  readonly service: string;
  readonly action: string;
  readonly status: number;
  /** The request's parameters as they were sent; of S3 the path alone. */
  readonly body: string;
}

export interface TargetHealth extends Target {
  readonly healthy: boolean;
  /** When it became what it is, of Date.now(). */
  readonly since: number;
  /** The last failed check's reason. */
  readonly reason: string;
}
