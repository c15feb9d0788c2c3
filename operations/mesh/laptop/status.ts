import { WORKER_SERVICE } from "../../../environment/naming";
import { parseDial } from "../../dial/state";
import type { MeshWorld } from "../world";
import type { Owner } from "../cluster";

export interface NodeStatus {
  readonly name: string;
  readonly role: "consul" | "mesos" | "gateway" | "worker" | "cluster";
  readonly address: string;
  /** What of it does not run: `nginx`. */
  readonly down: readonly string[];
  /** Generation that its NGINX serves; null when there is none. */
  readonly generation: string | null;
}

export interface ServiceStatus {
  readonly name: string;
  /** Healthy instances in Mesos, and all. */
  readonly mesos: { readonly healthy: number; readonly all: number };
  /** By cluster: pods, and whom the Service leads to; null when there is no such Service. */
  readonly clusters: Readonly<Record<string, { readonly pods: number; readonly owner: Owner } | null>>;
}

export interface MeshStatus {
  readonly directory: string;
  readonly environment: string;
  readonly startedAt: string;
  readonly consul: string;
  readonly weights: Readonly<Record<string, number>> | null;
  readonly nodes: readonly NodeStatus[];
  readonly services: readonly ServiceStatus[];
}

/** What stands, what of it runs, and where services are. */
export async function meshStatus(mesh: MeshWorld): Promise<MeshStatus> {
  return {
    directory: mesh.directory,
    environment: mesh.environment,
    startedAt: mesh.state.startedAt,
    consul: mesh.consul.url,
    weights: await weights(mesh),
    nodes: await nodes(mesh),
    services: await services(mesh),
  };
}

async function weights(mesh: MeshWorld): Promise<Record<string, number> | null> {
  const text = await mesh.consul.get(`skyline/${mesh.environment}/dial`).catch(() => undefined);
  const dial = text === undefined ? "there is none" : parseDial(text);
  return typeof dial === "string" ? null : dial.weights;
}

async function nodes(mesh: MeshWorld): Promise<NodeStatus[]> {
  const running = new Set(mesh.processes.running());
  const down = (name: string) =>
    mesh.processes
      .all()
      .filter((recorded) => recorded.name.startsWith(`${name}/`) && !running.has(recorded.name))
      .map((recorded) => recorded.name.slice(name.length + 1));
  const generation = (node: { generation(): Promise<string> }) => node.generation().catch(() => null);
  const servers = mesh.servers.map(({ settings: { name, address } }) => ({
    name,
    role: "consul" as const,
    address,
    down: down(name),
    generation: null,
  }));
  const clusters = [...mesh.clusters.values()].map((cluster) => ({
    name: `cluster-${cluster.name}`,
    role: "cluster" as const,
    address: cluster.resolver,
    down: down(`cluster-${cluster.name}`),
    generation: null,
  }));
  const choosers = mesh.choosers.map(async (node) => ({
    name: node.name,
    role: node.settings.role,
    address: node.address,
    down: down(node.name),
    generation: await generation(node),
  }));
  const workers = mesh.workers.map(async (worker) => ({
    name: worker.name,
    role: "worker" as const,
    address: worker.address,
    down: down(worker.name),
    generation: await generation(worker),
  }));
  return [...servers, ...(await Promise.all([...choosers, ...workers])), ...clusters];
}

async function services(mesh: MeshWorld): Promise<ServiceStatus[]> {
  const registered = await mesh.consul.services().catch(() => ({}) as Record<string, string[]>);
  const inMesos = Object.entries(registered)
    .filter(([name, tags]) => tags.includes("skyline") && name !== WORKER_SERVICE)
    .map(([name]) => name);
  const inKubernetes = [...mesh.clusters.values()].flatMap((cluster) =>
    cluster.services.map(({ name }) => name),
  );
  const names = [...new Set([...inMesos, ...inKubernetes])].sort();
  return Promise.all(
    names.map(async (name) => {
      const instances = inMesos.includes(name) ? await mesh.consul.instances(name, "skyline") : [];
      const clusters = [...mesh.clusters.values()].map((cluster) => {
        const service = cluster.service(name);
        return [
          cluster.name,
          service === undefined ? null : { pods: service.pods.length, owner: service.owner },
        ];
      });
      return {
        name,
        mesos: { healthy: instances.filter(({ healthy }) => healthy).length, all: instances.length },
        clusters: Object.fromEntries(clusters) as ServiceStatus["clusters"],
      };
    }),
  );
}
