import { DENIED_SERVICE_NAMES, gatewayHost, ports } from "../naming";

/** Where the mesh is on a node that `images/` makes. */
export const meshPaths = {
  code: "/usr/local/lib/skyline/mesh",
  settings: "/etc/skyline/mesh",
  state: "/var/lib/skyline/mesh",
  run: "/run/skyline/mesh",
  log: "/var/log/skyline/mesh",
  nginx: "/usr/sbin/nginx",
} as const;

/** Whom NGINX, consul-template and the apply step run as. */
export const MESH_USER = "skyline-mesh";

/** Weights of a gateway's first boot, which `initial-weights` writes. */
export const INITIAL_WEIGHTS_FILE = `${meshPaths.state}/initial-weights.json`;

export type MeshRole = "mesos" | "gateway";

/** `node.json`, in the spelling of `mesh/node/skyline_mesh/node.py`. */
export interface NodeSettings {
  readonly role: MeshRole;
  readonly environment: string;
  /**
   * Address of this node, as Consul gives it for the node's services.
   * @default - that of the default route's interface, which Consul's agent takes as well
   */
  readonly address?: string;
  /** The binary. */
  readonly nginx: string;
  readonly paths: { readonly state: string; readonly run: string; readonly log: string };
  readonly ports: {
    readonly local: number;
    readonly inbound: number;
    readonly gateway: number;
    readonly health: number;
  };
  /** Addresses that NGINX listens at: the local proxy's, that of what others call, and that of health. */
  readonly listen: { readonly local: string; readonly node: string; readonly health: string };
  /** Where a Mesos node finds the gateways: `sdb.<domain>:5042`. */
  readonly gateway?: string;
  /** Names that are never routed. */
  readonly denied: readonly string[];
  /**
   * Weights by cluster for as long as Consul has no dial.
   * @default - none
   */
  readonly initialWeights?: Readonly<Record<string, number>>;
  /**
   * File with such weights, as JSON, which may come later.
   * @default - none
   */
  readonly initialWeightsFile?: string;
  /**
   * What places of the node's nginx.conf get that are left in it.
   * @default {}
   */
  readonly places?: Readonly<Record<string, string>>;
}

/** What all nodes have alike that `images/` makes. */
const installed = {
  nginx: meshPaths.nginx,
  paths: { state: meshPaths.state, run: meshPaths.run, log: meshPaths.log },
  ports: {
    local: ports.localProxy,
    inbound: ports.inbound,
    gateway: ports.gateway,
    health: ports.health,
  },
  // The local proxy is the node's own; the rest is for the balancer, the other nodes and whoever collects metrics.
  listen: { local: "127.0.0.1", node: "0.0.0.0", health: "0.0.0.0" },
  denied: DENIED_SERVICE_NAMES,
} as const;

/** Settings of a gateway: the same for all gateways of an environment, whichever clusters it has. */
export const gatewaySettings = (environment: string): NodeSettings => ({
  role: "gateway",
  environment,
  ...installed,
  initialWeightsFile: INITIAL_WEIGHTS_FILE,
});

/** Settings of a Mesos node: the same for all of an environment. */
export const mesosSettings = (environment: string, domain: string): NodeSettings => ({
  role: "mesos",
  environment,
  ...installed,
  gateway: `${gatewayHost(domain)}:${ports.gateway}`,
});

/** `node.json` as text. */
export const renderNodeSettings = (settings: NodeSettings): string =>
  `${JSON.stringify(settings, null, 2)}\n`;
