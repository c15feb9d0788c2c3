import { BRIDGE_NAME, ports, WORKER_SERVICE } from "../../../environment/naming";
import { asFile, consulClient, type ConsulPlace } from "../../../environment/mesh/consul-configuration";

/** What a worker's Consul agent needs to know. */
export interface ConsulAgentSettings extends ConsulPlace {
  /** The cluster's name in its environment. */
  readonly clusterName: string;
}

/**
 * Configuration of the Consul agent of a worker of either kind of cluster, as JSON: it joins the environment's servers
 * by their tag, and registers the node as a Kubernetes worker of its cluster while the bridge on it is healthy.
 *
 * Gossip key, token and the node's name come at boot (see script.ts). The token registers what is in this file and
 * nothing else: who asks the agent on a node has no rights by it.
 */
export function renderConsulAgent(agent: ConsulAgentSettings): string {
  return asFile({
    ...consulClient(agent),
    services: [
      {
        name: WORKER_SERVICE,
        port: ports.inbound,
        meta: { cluster: agent.clusterName },
        checks: [
          {
            name: BRIDGE_NAME,
            http: `http://127.0.0.1:${ports.health}/ready`,
            interval: "5s",
            timeout: "2s",
            // A node gets traffic after two good answers and loses it after two bad ones, not at each blink.
            success_before_passing: 2,
            failures_before_critical: 2,
          },
        ],
      },
    ],
  });
}
