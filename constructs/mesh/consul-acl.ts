import { GATEWAY_SERVICE, WORKER_SERVICE } from "../../environment/naming";
import { WORKER_NODE_PREFIX } from "../cluster/consul-agent/script";
import { asFile } from "../../environment/mesh/consul-configuration";

/** Starts of node names in Consul, by the role that `SKYLINE_ROLE` says: `consul-configure` adds the instance's id. */
export const NODE_PREFIXES = {
  consul: "consul-",
  gateway: "gateway-",
  worker: WORKER_NODE_PREFIX,
  mesos: "mesos-",
} as const;

/** A policy, and the file of the servers' secret with the one token that has it. */
interface Grant {
  readonly name: string;
  readonly description: string;
  readonly token: string;
  readonly rules: Rules;
}

type Access = { readonly policy: "read" | "write" };
type Rules = Readonly<Record<string, Readonly<Record<string, Access>>>>;

const READ: Access = { policy: "read" };
const WRITE: Access = { policy: "write" };

/**
 * The tokens that `consul-setup` makes on the servers, and what they may do; whoever has no token may do nothing. A node
 * may write nodes of its own kind alone: with a Mesos node's address, a worker could draw that node's traffic to itself.
 */
export function renderConsulAcl(environment: string): string {
  /** A node of this kind, which renders routes from what all others have registered. */
  const watcher = (prefix: string): Rules => ({
    node_prefix: { "": READ, [prefix]: WRITE },
    service_prefix: { "": READ },
    key_prefix: { [`skyline/${environment}/`]: READ },
  });
  const grants: Grant[] = [
    {
      name: "skyline-server",
      description: "Agents of the Consul servers",
      token: "server-agent.token",
      rules: { node_prefix: { [NODE_PREFIXES.consul]: WRITE }, service: { consul: WRITE } },
    },
    {
      name: "skyline-gateway",
      description: "Gateways: their agents, and consul-template",
      token: "gateway.token",
      rules: { ...watcher(NODE_PREFIXES.gateway), service: { [GATEWAY_SERVICE]: WRITE } },
    },
    {
      name: "skyline-worker",
      description: "Agents of Kubernetes workers",
      token: "worker.token",
      rules: { node_prefix: { [NODE_PREFIXES.worker]: WRITE }, service: { [WORKER_SERVICE]: WRITE } },
    },
    {
      name: "skyline-mesos",
      description: "Mesos nodes: their agents, and consul-template",
      token: "mesos.token",
      rules: watcher(NODE_PREFIXES.mesos),
    },
    {
      name: "skyline-mesos-services",
      description: "What registers the services of Mesos nodes",
      token: "mesos-services.token",
      // Any name, as Mesos has no list of them; but no worker, to whom every unknown name's requests go, and no gateway,
      // whom a change of the dial waits for.
      rules: {
        service_prefix: { "": WRITE },
        service: { [WORKER_SERVICE]: READ, [GATEWAY_SERVICE]: READ, consul: READ },
      },
    },
    {
      name: "skyline-operator",
      description: "People who move traffic, publish files and hand names over",
      token: "operator.token",
      // All that this environment's mesh goes by is in keys; who is healthy is said by the nodes alone. A lock is a session.
      rules: {
        node_prefix: { "": READ },
        service_prefix: { "": READ },
        session_prefix: { "": WRITE },
        key_prefix: { [`skyline/${environment}/`]: WRITE },
      },
    },
  ];
  return asFile(grants.map((grant) => ({ ...grant, rules: JSON.stringify(grant.rules) })));
}
