import { secretNames } from "../../environment/naming";
import {
  asFile,
  CONSUL_FILE,
  CONSUL_PKI,
  CONSUL_USER,
  consulGateway,
  type ConsulPlace,
} from "../../environment/mesh/consul-configuration";
import { renderConsulTemplate } from "../../environment/mesh/consul-template";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { renderGatewayNginx } from "../../environment/mesh/nginx";
import { gatewaySettings, meshPaths, renderNodeSettings } from "../../environment/mesh/node-settings";
import { leaveVariables, secretFiles } from "../cluster/self-managed/bootstrap/node-variables";
import type { LeaveSettings } from "../cluster/self-managed/bootstrap/settings";
import { userDataScript } from "../cluster/self-managed/bootstrap/user-data-script";

export interface GatewayNode extends ConsulPlace, LeaveSettings {
  /** Seconds in which the balancer has stopped sending to a gateway that is not ready. */
  readonly drainSeconds: number;
}

/**
 * User data of a gateway: a bash script, before base64. It names no cluster: a gateway learns of them in Consul, so that
 * neither a new cluster nor a promotion replaces gateways.
 */
export function renderGatewayNode(node: GatewayNode): string {
  return userDataScript({
    role: "gateway",
    node: {
      AWS_REGION: node.region,
      AWS_DEFAULT_REGION: node.region,
      SKYLINE_ENVIRONMENT: node.environment,
      SKYLINE_ROLE: "gateway",
      SKYLINE_SECRETS: secretFiles(secretNames.consulGateways(node.environment), CONSUL_PKI, CONSUL_USER),
      ...leaveVariables(node),
      SKYLINE_DRAIN_SECONDS: String(node.drainSeconds),
    },
    files: [
      {
        path: CONSUL_FILE,
        owner: `${CONSUL_USER}:${CONSUL_USER}`,
        mode: "0640",
        content: asFile(consulGateway(node)),
      },
      {
        path: `${meshPaths.settings}/node.json`,
        content: renderNodeSettings(gatewaySettings(node.environment)),
      },
      { path: `${meshPaths.settings}/nginx.conf`, content: renderGatewayNginx() },
      {
        path: `${meshPaths.settings}/consul-template.hcl`,
        content: renderConsulTemplate(dataPlaneFile("node/consul-template.hcl")),
      },
    ],
  });
}
