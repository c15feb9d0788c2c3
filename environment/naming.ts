/**
 * Every name that parts of Skyline agree on. A construct, the mesh, the CLI and the tests take names from here, so that
 * they cannot disagree. The table for readers is docs/contracts.md.
 */

/** A DNS label of at most 20 characters: environment and cluster names, so that names made of both stay within limits. */
export const SHORT_LABEL = /^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/;

/** Key of a Kubernetes label: a name of at most 63 characters, behind an optional DNS prefix. */
export const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** Name of a service in the mesh: a DNS label, so that it can be a Kubernetes Service and part of a host name. */
export const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Name of the bridge's DaemonSet and of its pods' label `app.kubernetes.io/name`. */
export const BRIDGE_NAME = "skyline-bridge";

/** Names that are never routed: the first would open the API server's own Service to the mesh. */
export const DENIED_SERVICE_NAMES: readonly string[] = ["kubernetes", BRIDGE_NAME];

/** Network of Kubernetes Services of a cluster that names none. */
export const DEFAULT_SERVICE_CIDR = "172.20.0.0/16";

/** Stacks, which are also the keys of their states. */
export const stackNames = {
  network: (environment: string) => `${environment}-network`,
  mesh: (environment: string) => `${environment}-mesh`,
  cluster: (environment: string, cluster: string) => `${environment}-cluster-${cluster}`,
  platform: (environment: string, cluster: string) => `${environment}-platform-${cluster}`,
} as const;

/** All stacks that an environment's file asks for, in the order in which they are applied. */
export const stacksOfEnvironment = (
  environment: string,
  clusters: Readonly<Record<string, unknown>>,
): readonly string[] => [
  stackNames.network(environment),
  stackNames.mesh(environment),
  ...Object.keys(clusters).flatMap((cluster) => [
    stackNames.cluster(environment, cluster),
    stackNames.platform(environment, cluster),
  ]),
];

/** Object key of a stack's state in the state bucket. */
export const stateKey = (environment: string, stack: string) => `${environment}/${stack}.tfstate`;

/** `<env>-<cluster>[-<part>]`: name of an AWS resource that belongs to a cluster. */
export const clusterResourceName = (environment: string, cluster: string, part?: string) =>
  [environment, cluster, part].filter((piece) => piece !== undefined).join("-");

/** What an environment itself has under `<env>-<name>…`: no cluster can have such a name, too. */
export const RESERVED_CLUSTER_NAMES: ReadonlyMap<string, string> = new Map([
  ["mesh", "the mesh's key and launch role"],
  ["consul", "Consul's servers, secrets and snapshots"],
  ["gateways", "the gateways"],
  ["dns", "the resolver endpoints"],
  ["domain", "the forward rules of the domain"],
]);

/** Whether `<env>-<cluster>-<part>` is a group of controllers or of etcd in a self-managed cluster. */
export const isControlPlanePart = (part: string): boolean => /^(controllers|etcd-\d+)$/.test(part);

/** How names begin that AWS refuses, and for what. An environment's name begins the names of all that it has. */
export const REFUSED_PREFIXES: ReadonlyMap<string, string> = new Map([
  ["internal-", "load balancers"],
  ["sg-", "security groups"],
  ["sthree-", "buckets"],
  ["amzn-s3-demo-", "buckets"],
  ["xn--", "buckets"],
]);

/** Tags that say whose a resource is. */
export const tagKeys = {
  environment: "skyline:environment",
  cluster: "skyline:cluster",
  consul: "skyline:consul",
} as const;

/** SSM parameters of the registry of clusters. */
export const registry = {
  cluster: (environment: string, cluster: string) => `/skyline/${environment}/clusters/${cluster}`,
  active: (environment: string) => `/skyline/${environment}/active`,
} as const;

/**
 * SSM parameter with the certificate (base64 of its PEM, no key) of a self-managed cluster's authority. Written by
 * `skyline pki init`, read by Terraform. Not below {@link registry}, whose path lists clusters alone.
 */
export const authorityParameter = (environment: string, cluster: string) =>
  `/skyline/${environment}/authorities/${cluster}`;

/**
 * Secrets in Secrets Manager, written by `skyline pki init`. Each is a JSON object from file name to text, and each is
 * read by one kind of instance alone; the authorities' own keys are read by people who issue certificates.
 */
export const secretNames = {
  authorities: (environment: string, cluster: string) => `skyline/${environment}/${cluster}/authorities`,
  etcdMember: (environment: string, cluster: string, index: number) =>
    `skyline/${environment}/${cluster}/etcd-${index}`,
  controllers: (environment: string, cluster: string) => `skyline/${environment}/${cluster}/controllers`,
  consulAuthority: (environment: string) => `skyline/${environment}/consul/authority`,
  consulServers: (environment: string) => `skyline/${environment}/consul/servers`,
  consulGateways: (environment: string) => `skyline/${environment}/consul/gateways`,
  consulWorkers: (environment: string) => `skyline/${environment}/consul/workers`,
  consulMesos: (environment: string) => `skyline/${environment}/consul/mesos`,
  consulOperators: (environment: string) => `skyline/${environment}/consul/operators`,
} as const;

/** Name of a self-managed cluster's API inside the environment, for as long as the cluster lives. */
export const apiHost = (cluster: string, domain: string) => `api.${cluster}.${domain}`;

/** Name of the active self-managed cluster's API; a promotion moves it. */
export const activeApiHost = (domain: string) => `api.${domain}`;

/** Name of an etcd member, which outlives its instance. */
export const etcdHost = (index: number, cluster: string, domain: string) =>
  `etcd-${index}.${cluster}.${domain}`;

/** One entry of the registry of clusters, as JSON in its SSM parameter. */
export interface RegistryEntry {
  readonly name: string;
  readonly kind: "self-managed" | "eks";
  /** URL of the API server. */
  readonly endpoint: string;
  /** The API server's authority, base64 of its PEM. */
  readonly ca: string;
  /** Kubernetes version, `1.35` or `1.35.4`. */
  readonly version: string;
  /** ARN of the role that applies the platform stack. */
  readonly deployer: string;
}

export const ports = {
  /** Local proxy on every Mesos node and on any origin server outside the clusters. */
  localProxy: 5040,
  /** Destination proxy on Mesos nodes; the bridge, inbound, on every Kubernetes worker. */
  inbound: 5041,
  /** Gateways, behind `sdb.<domain>`. */
  gateway: 5042,
  /** The bridge, outbound: target port of the Services that stand for Mesos services. */
  outbound: 5043,
  /** Health, generation and metrics of each NGINX. */
  health: 5044,
} as const;

/** Port of Flannel's VXLAN on every worker of a self-managed cluster, UDP. */
export const VXLAN_PORT = 8472;

/** Consul's own ports: server RPC, gossip within the datacentre, HTTP API, DNS. */
export const consulPorts = { serverRpc: 8300, gossip: 8301, http: 8500, https: 8501, dns: 8600 } as const;

/** etcd's: clients, peers, and health and metrics on loopback. */
export const etcdPorts = { client: 2379, peer: 2380, metrics: 2381 } as const;

/** The API of a self-managed cluster: behind its balancer and on each controller; and every kubelet's. */
export const kubernetesPorts = { balancer: 443, apiServer: 6443, kubelet: 10250 } as const;

/** Network of pods of a self-managed cluster that names none: shared address space, which few networks use. */
export const DEFAULT_POD_CIDR = "100.64.0.0/16";

/** The gateways' name inside an environment. */
export const gatewayHost = (domain: string) => `sdb.${domain}`;

/** Consul service under which every Kubernetes worker registers. */
export const WORKER_SERVICE = "kubernetes-worker";

/** Consul service under which every gateway registers: who changes the dial learns from it whom to ask. */
export const GATEWAY_SERVICE = "skyline-gateway";

/** Names in Consul of what is part of the mesh, which no service in Mesos can have. */
export const RESERVED_SERVICES: readonly string[] = [WORKER_SERVICE, GATEWAY_SERVICE];

/** Kubernetes group of the role that applies platform stacks, on either kind of cluster. */
export const DEPLOYER_GROUP = "skyline:deployers";

/** Namespace of what Skyline itself runs in a cluster, beside the bridge. */
export const SYSTEM_NAMESPACE = "skyline-system";

/**
 * Namespace of what a self-managed cluster itself needs (DNS, proxies, network, drivers). Not kube-system: who may run a
 * pod there may take on Kubernetes' own controllers, one of which may write any cluster role.
 */
export const ADD_ON_NAMESPACE = "skyline-add-ons";

/** Service accounts of the add-ons: the platform stack makes them, and an admin's bootstrap gives them their rights. */
export const addOnAccounts = {
  coreDns: "coredns",
  kubeProxy: "kube-proxy",
  flannel: "flannel",
  cloudController: "cloud-controller-manager",
  csrApprover: "kubelet-csr-approver",
  ebsController: "ebs-csi-controller",
  ebsNode: "ebs-csi-node",
} as const;

/** Kubernetes groups of a self-managed cluster: who asks for a node's first certificate, and who calls kubelets. */
export const nodeGroups = {
  joining: "skyline:nodes-joining",
  kubeletClients: "skyline:kubelet-clients",
} as const;

/** Namespaces that Skyline uses: the platform stack makes them, and the deployer administers them. */
export const skylineNamespaces = (serviceNamespace: string) => [
  ...new Set([serviceNamespace, SYSTEM_NAMESPACE]),
];

/**
 * Index of an availability zone's subnets in the network, from the zone's letter: `us-east-1c` is 2. The letter and not
 * the place in the list, so that adding or reordering zones moves no subnet.
 */
export function zoneIndex(zone: string): number {
  return zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0);
}
