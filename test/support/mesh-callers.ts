import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ports } from "../../environment/naming";
import type { Instance } from "../../operations/mesh/instance";
import type { ProcessHandle } from "../../operations/mesh/process-handle";
import { MeshWorld, type MeshWorldOptions } from "../../operations/mesh/world";
import { binaryOf, goTool } from "./go-tool";
import type { Endpoint } from "./mesh-connection";
import { Load, type LoadOptions } from "./mesh-load";
import { nginxBinary } from "./nginx-binary";

/** A mesh of the real programs, in a temporary folder which goes with it. */
export async function startMesh(
  options: Omit<MeshWorldOptions, "directory" | "binaries"> = {},
): Promise<{ mesh: MeshWorld; stop: () => Promise<void> }> {
  const tool = async (name: string) => binaryOf(await goTool(name));
  const [consul, consulTemplate, coredns, nginx] = await Promise.all([
    tool("consul"),
    tool("consul-template"),
    tool("coredns"),
    nginxBinary(),
  ]);
  const directory = await mkdtemp(join(tmpdir(), "skyline-mesh-"));
  const mesh = await MeshWorld.start({
    ...options,
    directory,
    binaries: { consul, consulTemplate, coredns, nginx },
  });
  const stop = async () => {
    await mesh.stop();
    if (process.env.KEEP_MESH === undefined) await rm(directory, { recursive: true, force: true });
  };
  return { mesh, stop };
}

/** The same service on each of these Mesos nodes, not yet routed. */
export const startInMesos = (
  mesh: MeshWorld,
  name: string,
  nodes: readonly number[],
  version = "v1",
): Promise<Instance[]> =>
  Promise.all(nodes.map((node) => mesh.startService({ name, on: { mesos: node }, version })));

/** Every NGINX of the mesh: of Mesos nodes, gateways and Kubernetes workers. */
export const nginxes = (mesh: MeshWorld): ProcessHandle[] =>
  [...mesh.choosers, ...mesh.workers].map(({ nginx }) => nginx);

/** What each node with rendered routes serves. */
export async function generations(mesh: MeshWorld): Promise<Record<string, string>> {
  const served = mesh.choosers.map(async (node) => [node.name, await node.generation()] as const);
  return Object.fromEntries(await Promise.all(served));
}

/** Where a client enters the mesh, and how it names a service there. */
export interface Entrance {
  readonly endpoint: Endpoint;
  readonly host: string;
  /** The path at the entrance of a path of the service. */
  readonly path: (path: string) => string;
}

const byPath = (service: string) => (path: string) => `/service/${service}${path}`;

/** A process on a Mesos node, or on any server with a local proxy. */
export const atMesosNode = (mesh: MeshWorld, node: number, service: string): Entrance => ({
  endpoint: { address: mesh.mesosNode(node).address, port: ports.localProxy },
  host: "localhost:5040",
  path: byPath(service),
});

/** Anything outside with access to the gateways. */
export const atGateway = (mesh: MeshWorld, gateway: number, service: string): Entrance => ({
  endpoint: { address: mesh.gateway(gateway).address, port: ports.gateway },
  host: "sdb.example.internal:5042",
  path: byPath(service),
});

/** A pod of a cluster: it calls the Service's address, as kubedns gives it. */
export const inCluster = (mesh: MeshWorld, cluster: string, service: string): Entrance => ({
  endpoint: mesh.cluster(cluster).serviceAddress(service),
  host: `${service}.default`,
  path: (path) => path,
});

type Callers = Partial<LoadOptions> & Pick<LoadOptions, "service" | "connections">;

/** A load through these entrances, connection by connection in turn. */
export function load(caller: string, entrances: readonly Entrance[], options: Callers): Load {
  const [first] = entrances;
  const started = Load.start({
    caller,
    endpoint: (connection) => (entrances[connection % entrances.length] as Entrance).endpoint,
    host: first?.host,
    path: first?.path("/load"),
    ...options,
  });
  loads.add(started);
  return started;
}

const loads = new Set<Load>();

/** Ends what {@link load} has started: a test that fails leaves its load running. */
export async function stopLoads(): Promise<void> {
  await Promise.all([...loads].map((one) => one.stop()));
  loads.clear();
}
