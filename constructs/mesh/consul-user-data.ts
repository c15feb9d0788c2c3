import { secretNames } from "../../environment/naming";
import { leaveVariables, secretFiles } from "../cluster/self-managed/bootstrap/node-variables";
import type { LeaveSettings } from "../cluster/self-managed/bootstrap/settings";
import { userDataScript } from "../cluster/self-managed/bootstrap/user-data-script";
import { renderConsulAcl } from "./consul-acl";
import {
  CONSUL_FILE,
  CONSUL_PKI,
  CONSUL_USER,
  renderConsulServer,
  type ConsulServerSettings,
} from "../../environment/mesh/consul-configuration";

export interface ConsulServerNode extends ConsulServerSettings, LeaveSettings {
  readonly launchHook: string;
  readonly snapshotBucket: string;
  /** May be a place that the caller fills in at apply, and likewise the bucket. */
  readonly snapshotKeyArn: string;
}

/** User data of a Consul server: a bash script, before base64. */
export function renderConsulServerNode(node: ConsulServerNode): string {
  return userDataScript({
    role: "gateway",
    target: "skyline-consul.target",
    node: {
      AWS_REGION: node.region,
      AWS_DEFAULT_REGION: node.region,
      SKYLINE_ENVIRONMENT: node.environment,
      SKYLINE_ROLE: "consul",
      SKYLINE_SECRETS: secretFiles(secretNames.consulServers(node.environment), CONSUL_PKI, CONSUL_USER),
      ...leaveVariables(node),
      SKYLINE_LAUNCH_HOOK: node.launchHook,
      SKYLINE_SNAPSHOT_BUCKET: node.snapshotBucket,
      SKYLINE_SNAPSHOT_KEY_ARN: node.snapshotKeyArn,
    },
    files: [
      {
        path: CONSUL_FILE,
        owner: `${CONSUL_USER}:${CONSUL_USER}`,
        mode: "0640",
        content: renderConsulServer(node),
      },
      { path: "/etc/skyline/consul-acl.json", content: renderConsulAcl(node.environment) },
    ],
  });
}
