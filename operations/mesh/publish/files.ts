import { renderGatewayNginx, renderMesosNginx } from "../../../environment/mesh/nginx";
import type { MeshRole } from "../../../environment/mesh/node-settings";
import type { Environment } from "../../../environment/schema";

/** Kinds of nodes that take files from Consul. */
export const roles: readonly MeshRole[] = ["mesos", "gateway"];

/** Files by their paths below the tree of a role; paths have `/` and name no folder above. */
export type Files = ReadonlyMap<string, Buffer>;

/**
 * What nodes of a role get through Consul. A node's own settings are no part of it (its address, the folders on its disk):
 * those came with the node.
 */
export function filesOf({ domain }: Environment, role: MeshRole): Files {
  const nginx = role === "mesos" ? renderMesosNginx({ domain }) : renderGatewayNginx();
  return new Map([["nginx.conf", Buffer.from(nginx)]]);
}
