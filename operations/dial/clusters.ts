import { WORKER_SERVICE } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { Consul } from "../consul/client";

/** A cluster of the environment file, and what Consul knows of it. */
export interface ClusterState {
  readonly name: string;
  readonly kind: "self-managed" | "eks";
  readonly role: "active" | "passive" | "retiring" | "removed";
  /** Its healthy workers. */
  readonly workers: number;
}

/** The clusters of the file in its order. */
export async function clusterStates(
  { clusters }: Environment,
  consul: Consul,
): Promise<readonly ClusterState[]> {
  const healthy = (await consul.get<Entry[]>(`/v1/health/service/${WORKER_SERVICE}`, { passing: "" })) ?? [];
  const counts = new Map<string, number>();
  for (const { Service } of healthy) {
    const cluster = Service.Meta?.cluster ?? "";
    counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
  }
  return Object.entries(clusters).map(([name, { kind, role }]) => ({
    name,
    kind,
    role,
    workers: counts.get(name) ?? 0,
  }));
}

interface Entry {
  readonly Service: { readonly Meta: Readonly<Record<string, string>> | null };
}

/** Weights of an environment whose dial was never written: gateways send all to the file's active cluster. */
export const initialWeights = ({ clusters }: Environment): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(clusters)
      .filter(([, { role }]) => role === "active")
      .map(([name]) => [name, 100]),
  );
