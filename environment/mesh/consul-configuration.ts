import { GATEWAY_SERVICE, ports, tagKeys } from "../naming";

/**
 * Configuration of Consul agents, in Consul's own spelling. None of it is secret: the gossip key, the tokens and the
 * node's name come at boot, from Secrets Manager into {@link CONSUL_SECRETS_FILE}.
 */

/** Where a node's agent reads: everything in the folder that ends with `.json`, and nothing in folders below it. */
export const CONSUL_DIRECTORY = "/etc/consul.d";
/** What is known at synth. */
export const CONSUL_FILE = `${CONSUL_DIRECTORY}/skyline.json`;
/** What is read at boot; written by `consul-configure`. */
export const CONSUL_SECRETS_FILE = `${CONSUL_DIRECTORY}/secrets.json`;
/** Files of the node's secret: `ca.crt`, `gossip.key`, tokens; on servers also their certificate. */
export const CONSUL_PKI = `${CONSUL_DIRECTORY}/pki`;
export const CONSUL_USER = "consul";

/** Where an agent is: the environment is its datacentre. */
export interface ConsulPlace {
  readonly environment: string;
  readonly region: string;
}

export interface ConsulServerSettings extends ConsulPlace {
  /** Servers in all; odd. */
  readonly servers: number;
}

/** Configuration of one of the servers, as JSON. */
export function renderConsulServer(settings: ConsulServerSettings): string {
  return asFile({
    ...common(settings),
    server: true,
    bootstrap_expect: settings.servers,
    // A server that only restarts stays a member of the quorum; `consul-leave` takes it out when it is terminated.
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    // No second datacentre to gossip with, and no mesh proxies: both ports stay closed.
    ports: { ...NO_DNS, serf_wan: -1, grpc: -1, grpc_tls: -1 },
    tls: {
      defaults: {
        ca_file: `${CONSUL_PKI}/ca.crt`,
        cert_file: `${CONSUL_PKI}/server.crt`,
        key_file: `${CONSUL_PKI}/server.key`,
        verify_outgoing: true,
        tls_min_version: "TLSv1_2",
      },
      internal_rpc: { verify_incoming: true, verify_server_hostname: true },
    },
    // Gives each agent a certificate of its own, for a token that may write the agent's node.
    auto_encrypt: { allow_tls: true },
    autopilot: {
      cleanup_dead_servers: true,
      // A dead server is dropped once its replacement is in, and not before: two of three stay two of three.
      min_quorum: settings.servers,
      server_stabilization_time: "10s",
    },
    // Consul's default is made for small machines: it takes five times as long to see that a leader is gone.
    performance: { raft_multiplier: 1 },
  });
}

/** Configuration of an agent that is no server, as an object to add to. */
export function consulClient(place: ConsulPlace): Record<string, unknown> {
  return {
    ...common(place),
    server: false,
    // Workers and gateways are told to stop when they are terminated, and by nothing else.
    leave_on_terminate: true,
    ports: NO_DNS,
    tls: {
      defaults: { ca_file: `${CONSUL_PKI}/ca.crt`, verify_outgoing: true, tls_min_version: "TLSv1_2" },
      // An agent's certificate is of the same authority: only a server's name tells the two apart.
      internal_rpc: { verify_server_hostname: true },
    },
    auto_encrypt: { tls: true },
  };
}

/**
 * Configuration of an agent whose node renders routes: consul-template holds a connection for each service that it
 * watches, and Consul lets one address have 200. Consul refuses to start with more than it may have files open, and 20,000
 * is what some machines allow it in all.
 */
export const consulWatcher = (place: ConsulPlace): Record<string, unknown> => ({
  ...consulClient(place),
  limits: { http_max_conns_per_client: 16_384 },
});

/**
 * Configuration of a gateway's agent. It registers the gateway for as long as its NGINX answers, also while it is drained:
 * who changes the dial waits for all that route.
 */
export const consulGateway = (place: ConsulPlace): Record<string, unknown> => ({
  ...consulWatcher(place),
  services: [
    {
      name: GATEWAY_SERVICE,
      port: ports.gateway,
      checks: [
        {
          name: GATEWAY_SERVICE,
          http: `http://127.0.0.1:${ports.health}/health`,
          interval: "5s",
          timeout: "2s",
          // One late answer is no gateway that has gone.
          failures_before_critical: 2,
        },
      ],
    },
  ],
});

/**
 * Configuration of a Mesos node's agent. It is restarted on a node that stays, when Ansible brings a newer Consul: by
 * leaving, it would take every instance of the node out of the catalogue.
 */
export const consulMesosNode = (place: ConsulPlace): Record<string, unknown> => ({
  ...consulWatcher(place),
  leave_on_terminate: false,
});

/** As a file of the agent's folder. */
export const asFile = (configuration: object) => `${JSON.stringify(configuration, null, 2)}\n`;

/** Nobody asks Consul by DNS: NGINX gets addresses from consul-template. */
const NO_DNS = { dns: -1 } as const;

const common = (place: ConsulPlace) => ({
  datacenter: place.environment,
  data_dir: "/opt/consul",
  // The interface of the default route: the VPC CNI gives a node more interfaces with addresses of their own.
  bind_addr: '{{ GetDefaultInterfaces | include "type" "IPv4" | limit 1 | attr "address" }}',
  // The API is the node's own; what comes over the network is RPC and gossip alone.
  client_addr: "127.0.0.1",
  retry_join: [
    `provider=aws region=${place.region} tag_key=${tagKeys.consul} tag_value=${place.environment}`,
  ],
  acl: { enabled: true, default_policy: "deny", down_policy: "extend-cache" },
  disable_update_check: true,
  log_json: true,
});
