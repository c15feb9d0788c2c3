import { ports, secretNames } from "../../environment/naming";
import { leaveVariables, secretFiles } from "../cluster/self-managed/bootstrap/node-variables";
import type { LeaveSettings } from "../cluster/self-managed/bootstrap/settings";
import { userDataScript } from "../cluster/self-managed/bootstrap/user-data-script";
import {
  asFile,
  CONSUL_FILE,
  CONSUL_PKI,
  CONSUL_USER,
  consulClient,
  type ConsulPlace,
} from "./consul-configuration";
import { fillPlaces } from "./places";

/** While this file is there, the gateway tells its balancer that it is not ready. */
export const DRAINING = "/run/skyline/draining";

/** Files of `mesh/gateway/` that a gateway gets, by name. */
export interface GatewayFiles {
  readonly nginx: string;
  readonly consulTemplate: string;
  readonly services: string;
}

export interface GatewayNode extends ConsulPlace, LeaveSettings {
  /** Seconds in which the balancer has stopped sending to a gateway that is not ready. */
  readonly drainSeconds: number;
  readonly files: GatewayFiles;
}

/** A gateway's NGINX configuration. @throws Error when the template has a place that nothing fills */
export const renderGatewayNginx = (template: string): string =>
  fillPlaces(
    template,
    { GATEWAY: String(ports.gateway), HEALTH: String(ports.health), DRAINING },
    "the gateways' configuration",
  );

/** User data of a gateway: a bash script, before base64. */
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
        content: asFile(consulClient(node)),
      },
      { path: "/etc/skyline/mesh/nginx.conf", content: renderGatewayNginx(node.files.nginx) },
      { path: "/etc/skyline/mesh/consul-template.hcl", content: node.files.consulTemplate },
      { path: "/etc/skyline/mesh/services.ctmpl", content: node.files.services },
    ],
  });
}
