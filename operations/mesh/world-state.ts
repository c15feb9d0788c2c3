import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MeshBinaries } from "./binaries";
import type { ClusterRecord } from "./cluster";
import type { InstanceRecord } from "./instance";
import type { Reservation } from "./network";

/** What is known of a mesh that stands, kept beside its processes so that another run can go on with it. */
export interface WorldState {
  readonly format: 1;
  readonly environment: string;
  readonly domain: string;
  readonly network: Reservation;
  readonly consulServers: number;
  /** Whether each node has a Consul agent of its own, as real ones have; otherwise they ask a server. */
  readonly consulAgents: boolean;
  readonly mesosNodes: number;
  readonly gateways: number;
  /** Workers by cluster. */
  readonly workers: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, number>>;
  readonly service: { readonly namespace: string; readonly port: number };
  readonly binaries: MeshBinaries;
  readonly clusters: readonly ClusterRecord[];
  readonly instances: readonly InstanceRecord[];
  /** Instances so far; the next one's number. */
  readonly counter: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

const fileOf = (directory: string) => join(directory, "mesh.json");

export function readState(directory: string): WorldState | undefined {
  const file = fileOf(directory);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as WorldState) : undefined;
}

export function writeState(directory: string, state: WorldState): void {
  const file = fileOf(directory);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
