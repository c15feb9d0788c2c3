import type { Environment } from "../../../environment/schema";
import { unmet } from "./expectation";
import type { GroupFacts } from "./groups";

/** The mesh of an environment as AWS tells of it. */
export interface MeshFacts {
  readonly consulServers: number;
  readonly gateways: number;
  /** Availability zones of the gateways. */
  readonly gatewayZones: readonly string[];
}

/** Holds the groups of the mesh against the environment. */
export function readMesh(
  environment: Environment,
  groups: ReadonlyMap<string, GroupFacts>,
): { facts: MeshFacts; wrong: string[] } {
  const { consul, gateways } = environment.mesh;
  const standing = groups.get(`${environment.environment}-gateways`);
  const facts: MeshFacts = {
    consulServers: groups.get(`${environment.environment}-consul-servers`)?.instances ?? 0,
    gateways: standing?.instances ?? 0,
    gatewayZones: standing?.zones ?? [],
  };
  return {
    facts,
    wrong: unmet([
      ["Consul servers", facts.consulServers, consul.servers],
      ["gateways", facts.gateways, gateways.min],
      ["zones of the gateways", facts.gatewayZones.length >= 3, true],
    ]),
  };
}
