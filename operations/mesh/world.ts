import { mkdirSync } from "node:fs";
import { gatewayHost, ports, SERVICE_NAME } from "../../environment/naming";
import { OperationFailure } from "../failure";
import { pause } from "../processes";
import type { MeshBinaries } from "./binaries";
import { Gateway, MesosNode, type Chooser, type ChooserSettings } from "./chooser";
import { Cluster } from "./cluster";
import { ConsulAgent } from "./consul-agents";
import type { ConsulClient } from "./consul-client";
import { Instance, type InstanceRecord } from "./instance";
import { memberships } from "./membership";
import { entrust, limits, LoopbackNetwork, release, reserve } from "./network";
import { ProcessTable } from "./process-table";
import { differs, wantedRoutes } from "./settled";
import { Worker } from "./worker";
import { readState, writeState, type WorldState } from "./world-state";

export type { Instance } from "./instance";

export interface MeshWorldOptions {
  /** @default "development" */
  readonly environment?: string;
  /** Clusters, each with how many workers it has. @default { alpha: 1, bravo: 1 } */
  readonly clusters?: Readonly<Record<string, number>>;
  /** @default 2 */
  readonly mesosNodes?: number;
  /** @default 2 */
  readonly gateways?: number;
  /** The dial. @default 100 for the first cluster */
  readonly weights?: Readonly<Record<string, number>>;
  /** @default 1 */
  readonly consulServers?: number;
  /** A Consul agent on each node, as real ones have. @default false with one server, true with more */
  readonly consulAgents?: boolean;
  /** Namespace and port of services in Kubernetes. @default "default", 8080 */
  readonly service?: { readonly namespace: string; readonly port: number };
  /** Folder for everything, absolute; made when it is not there. */
  readonly directory: string;
  readonly binaries: MeshBinaries;
  /** Leave it running when this process ends. @default false */
  readonly keep?: boolean;
  /** Gives up, and stops what was started. */
  readonly signal?: AbortSignal;
  readonly report?: (step: string) => void;
}

export interface ServiceOptions {
  readonly name: string;
  /** A Mesos node by its place, or a cluster by its name. */
  readonly on: { readonly mesos: number } | { readonly cluster: string; readonly worker?: number };
  /** @default "v1" */
  readonly version?: string;
}

/** A whole mesh on loopback addresses: real Consul, consul-template, NGINX and CoreDNS, with the files of `mesh/`. */
export class MeshWorld {
  /** Starts one. @throws OperationFailure; what was started is stopped then */
  static async start(options: MeshWorldOptions): Promise<MeshWorld> {
    const { environment = "development", clusters = { alpha: 1, bravo: 1 }, consulServers = 1 } = options;
    mkdirSync(options.directory, { recursive: true });
    const network = await reserve();
    const state: WorldState = {
      format: 1,
      environment,
      domain: `${environment}.example.internal`,
      network: { x: network.x, y: network.y },
      consulServers,
      consulAgents: options.consulAgents ?? consulServers > 1,
      mesosNodes: options.mesosNodes ?? 2,
      gateways: options.gateways ?? 2,
      workers: clusters,
      weights: options.weights ?? { [Object.keys(clusters)[0] ?? "alpha"]: 100 },
      service: options.service ?? { namespace: "default", port: 8080 },
      binaries: options.binaries,
      clusters: Object.keys(clusters).map((name, index) => ({ name, index, services: [] })),
      instances: [],
      counter: 0,
      startedAt: new Date().toISOString(),
    };
    const mesh = new MeshWorld(state, options.directory, options.keep === true);
    try {
      checkSizes(state);
      writeState(options.directory, state);
      await mesh.startAll(options);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  /** One that another run has started and kept, or undefined when there is none. */
  static attach(directory: string): MeshWorld | undefined {
    const state = readState(directory);
    return state === undefined ? undefined : new MeshWorld(state, directory, true);
  }

  readonly processes: ProcessTable;
  readonly servers: readonly ConsulAgent[];
  /** Agents of the nodes by node name; empty when nodes ask a server. */
  readonly agents: ReadonlyMap<string, ConsulAgent>;
  readonly mesosNodes: readonly MesosNode[];
  readonly gateways: readonly Gateway[];
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly workers: readonly Worker[];
  private readonly network: LoopbackNetwork;

  private constructor(
    private current: WorldState,
    readonly directory: string,
    private readonly keep: boolean,
  ) {
    const { network, consulServers, consulAgents, environment, domain, binaries } = current;
    this.processes = new ProcessTable(directory, keep);
    this.network = new LoopbackNetwork(network.x, network.y);
    const addresses = Array.from({ length: consulServers }, (_, index) => this.network.consul(index));
    const agent = (name: string, address: string) =>
      new ConsulAgent(this.processes, {
        name,
        address,
        environment,
        servers: addresses,
        binary: binaries.consul,
        directory,
      });
    this.servers = addresses.map((address, index) => agent(`consul-${index + 1}`, address));
    const agents = new Map<string, ConsulAgent>();
    let nodes = 0;
    const consulOf = (name: string, address: string): ConsulAgent => {
      if (!consulAgents) return this.servers[nodes++ % this.servers.length] as ConsulAgent;
      agents.set(name, agent(name, address));
      return agents.get(name) as ConsulAgent;
    };
    const chooser = (role: ChooserSettings["role"], index: number): ChooserSettings => {
      const name = `${role}-${index + 1}`;
      const address = role === "mesos" ? this.network.mesosNode(index) : this.network.gateway(index);
      return {
        role,
        name,
        address,
        environment,
        domain,
        consul: new URL(consulOf(name, address).client.url).host,
        resolver: `${this.network.dns(0)}:5353`,
        initialWeights: current.weights,
        directory,
        binaries,
      };
    };
    const many = <T>(count: number, make: (index: number) => T) =>
      Array.from({ length: count }, (_, at) => make(at));
    this.mesosNodes = many(current.mesosNodes, (at) => new MesosNode(this.processes, chooser("mesos", at)));
    this.gateways = many(current.gateways, (at) => new Gateway(this.processes, chooser("gateway", at)));
    this.workers = current.clusters.flatMap(({ name: cluster, index }) =>
      many(current.workers[cluster] ?? 0, (at) => {
        const name = `${cluster}-worker-${at + 1}`;
        const address = this.network.worker(index, at);
        const settings = {
          name,
          cluster,
          address,
          domain,
          service: current.service,
          resolver: `${this.network.dns(index)}:5353`,
          nginx: binaries.nginx,
          directory,
        };
        return new Worker(this.processes, settings, consulOf(name, address).client);
      }),
    );
    this.agents = agents;
    this.clusters = new Map(
      current.clusters.map((record) => [
        record.name,
        new Cluster(
          this.processes,
          this.network,
          {
            namespace: current.service.namespace,
            servicePort: current.service.port,
            outside: { [gatewayHost(domain)]: this.gateways.map(({ address }) => address) },
            bridges: this.workersOf(record.name).map(({ address }) => ({ address, port: ports.outbound })),
            coredns: binaries.coredns,
            directory,
          },
          record,
          (changed) =>
            this.save({
              clusters: this.current.clusters.map((other) => (other.name === changed.name ? changed : other)),
            }),
        ),
      ]),
    );
  }

  get state(): WorldState {
    return this.current;
  }

  get environment(): string {
    return this.current.environment;
  }

  /** API of the first Consul server that runs. */
  get consul(): ConsulClient {
    return ((this.servers.find(({ running }) => running) ?? this.servers[0]) as ConsulAgent).client;
  }

  mesosNode(index: number): MesosNode {
    return found(this.mesosNodes[index], `Mesos node ${index}`, this.mesosNodes.length);
  }

  gateway(index: number): Gateway {
    return found(this.gateways[index], `gateway ${index}`, this.gateways.length);
  }

  worker(cluster: string, index = 0): Worker {
    const workers = this.workersOf(cluster);
    return found(workers[index], `worker ${index} of ${cluster}`, workers.length);
  }

  workersOf(cluster: string): readonly Worker[] {
    return this.workers.filter((worker) => worker.cluster === cluster);
  }

  cluster(name: string): Cluster {
    return found(this.clusters.get(name), `cluster ${name}`, this.clusters.size);
  }

  /** Nodes with rendered routes: Mesos nodes and gateways. */
  get choosers(): readonly Chooser[] {
    return [...this.mesosNodes, ...this.gateways];
  }

  /** Writes the dial. */
  async setWeights(weights: Readonly<Record<string, number>>, why = "set by hand"): Promise<void> {
    const key = `skyline/${this.environment}/dial`;
    const before = await this.consul.get(key);
    const generation =
      before === undefined ? 1 : (JSON.parse(before) as { generation: number }).generation + 1;
    await this.consul.put(key, {
      generation,
      weights,
      by: "skyline mesh",
      why,
      at: new Date().toISOString(),
    });
  }

  /** Starts an instance of the demo service and makes it known; {@link settled} waits until it is routed. */
  async startService({ name, on, version = "v1" }: ServiceOptions): Promise<Instance> {
    if (!SERVICE_NAME.test(name)) {
      throw new OperationFailure(
        "invalid",
        `${JSON.stringify(name)} is no service name: ${SERVICE_NAME.source}`,
      );
    }
    const counter = this.current.counter + 1;
    const node = "mesos" in on ? this.mesosNode(on.mesos) : this.worker(on.cluster, on.worker ?? 0);
    const record: InstanceRecord = {
      id: `${name}-${counter}`,
      service: name,
      version,
      where: "mesos" in on ? node.name : on.cluster,
      kind: "mesos" in on ? "mesos" : "kubernetes",
      address: node.address,
      // Below the ports that Linux takes for outgoing connections, and unlike any before it.
      port: 20_000 + (counter % 10_000),
    };
    this.save({ counter, instances: [...this.current.instances, record] });
    const instance = this.instanceOf(record);
    await instance.start();
    return instance;
  }

  /** Instances of the demo service, of one name or all. */
  instances(name?: string): Instance[] {
    return this.current.instances
      .filter(({ service }) => name === undefined || service === name)
      .map((record) => this.instanceOf(record));
  }

  private instanceOf(record: InstanceRecord): Instance {
    return new Instance(
      this.processes,
      record,
      memberships(this, (gone) => this.forget(gone)),
      this.directory,
    );
  }

  private forget({ id }: InstanceRecord): void {
    this.save({ instances: this.current.instances.filter((other) => other.id !== id) });
  }

  /** Resolves when every Mesos node and gateway serves what Consul knows now. @throws OperationFailure at the deadline */
  async settled(timeoutMs = 30_000): Promise<void> {
    await this.until(timeoutMs, async () => {
      const wanted = await wantedRoutes(this.consul, this.environment, this.current.weights);
      const reasons = await Promise.all(this.choosers.map((node) => differs(node, wanted)));
      return reasons.find((reason) => reason !== undefined);
    });
  }

  /**
   * Polls until there is no reason left to wait.
   * @param reason why not yet, or undefined; what it throws is a reason too
   * @throws OperationFailure with the last reason at the deadline
   */
  async until(timeoutMs: number, reason: () => Promise<string | undefined>): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const why = await reason().catch((error: Error) => error.message);
      if (why === undefined) return;
      if (Date.now() > deadline) {
        throw new OperationFailure("timeout", `the mesh has not settled after ${timeoutMs} ms: ${why}`);
      }
      await pause(50);
    }
  }

  /** Stops everything. @returns names of the processes that ran */
  async stop(): Promise<string[]> {
    const owners = [process.pid, ...this.processes.all().map(({ pid }) => pid)];
    const stopped = await this.processes.stopAll();
    release(this.current.network, owners);
    return stopped;
  }

  private async startAll({ signal, report = () => undefined }: MeshWorldOptions): Promise<void> {
    const step = async (text: string, work: () => Promise<unknown>) => {
      if (signal?.aborted)
        throw new OperationFailure("interrupted", "interrupted; what was started is stopped");
      report(text);
      await work();
    };
    const { consulServers, weights } = this.current;
    await step(`Consul: ${consulServers === 1 ? "1 server" : `${consulServers} servers`}`, async () => {
      await Promise.all(this.servers.map((server) => server.start()));
      if (this.keep)
        entrust(this.network, this.processes.get(this.servers[0]?.process ?? "")?.pid ?? process.pid);
      await Promise.all(this.servers.map((server) => server.ready()));
      await Promise.all([...this.agents.values()].map((agent) => agent.start()));
      await Promise.all([...this.agents.values()].map((agent) => agent.ready()));
      await this.setWeights(weights, "the first weights");
    });
    await step(`Kubernetes: CoreDNS of ${[...this.clusters.keys()].join(", ")}`, () =>
      Promise.all([...this.clusters.values()].map((cluster) => cluster.start())),
    );
    await step(`Kubernetes: bridges on ${this.workers.length} workers`, () =>
      Promise.all(this.workers.map((worker) => worker.start())),
    );
    await step(`${this.mesosNodes.length} Mesos nodes, ${this.gateways.length} gateways`, () =>
      Promise.all(this.choosers.map((node) => node.start())),
    );
    await step("waiting until all of them route what Consul knows", () => this.settled());
  }

  private save(change: Partial<WorldState>): void {
    this.current = { ...this.current, ...change };
    writeState(this.directory, this.current);
  }
}

function found<T>(value: T | undefined, what: string, count: number): T {
  if (value === undefined) throw new OperationFailure("invalid", `there is no ${what}, only ${count}`);
  return value;
}

function checkSizes({ consulServers, mesosNodes, gateways, workers }: WorldState): void {
  const wrong = (what: string, value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new OperationFailure("invalid", `${what} is ${value}, not 1 to ${most}`);
    }
  };
  wrong("the number of Consul servers", consulServers, limits.consulServers);
  wrong("the number of Mesos nodes", mesosNodes, limits.mesosNodes);
  wrong("the number of gateways", gateways, limits.gateways);
  wrong("the number of clusters", Object.keys(workers).length, limits.clusters);
  Object.entries(workers).forEach(([name, count]) =>
    wrong(`the number of workers of ${name}`, count, limits.workers),
  );
}
