import { BRIDGE_NAME, ports, tagKeys, WORKER_SERVICE } from "../../../../environment/naming";

/** What a worker's Consul agent needs to know. */
export interface ConsulAgentSettings {
  readonly environment: string;
  readonly region: string;
  /** The cluster's name in its environment. */
  readonly clusterName: string;
}

/**
 * Configuration of a worker's Consul agent: it joins the environment's servers by their tag, and registers the node as
 * a Kubernetes worker of its cluster while the bridge on it is healthy.
 */
export function renderConsulAgent(agent: ConsulAgentSettings): string {
  const configuration = {
    server: false,
    datacenter: agent.environment,
    data_dir: "/opt/consul",
    // The interface of the default route: the VPC CNI gives a node more interfaces with addresses of their own.
    bind_addr: '{{ GetDefaultInterfaces | include "type" "IPv4" | limit 1 | attr "address" }}',
    client_addr: "127.0.0.1",
    retry_join: [
      `provider=aws region=${agent.region} tag_key=${tagKeys.consul} tag_value=${agent.environment}`,
    ],
    leave_on_terminate: true,
    disable_update_check: true,
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
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
