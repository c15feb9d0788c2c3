import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { join } from "node:path";
import { packageRoot } from "../../environment/package-root";
import { http, json } from "./http";
import { limits, type LoopbackNetwork } from "./network";
import { ProcessHandle } from "./process-handle";
import type { ProcessTable } from "./process-table";

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** Who a Service of a cluster leads to: its own pods, or the bridge, when it stands for a Mesos service. */
export type Owner = "kubernetes" | "mesos";

/** A Service of a cluster. */
export interface ServiceRecord {
  readonly name: string;
  /** Its address in the cluster, which a handover does not change. */
  readonly address: string;
  readonly port: number;
  readonly owner: Owner;
  readonly pods: readonly Address[];
}

/** A cluster as a mesh keeps it. */
export interface ClusterRecord {
  readonly name: string;
  /** Place among the clusters, which its addresses follow from. */
  readonly index: number;
  readonly services: readonly ServiceRecord[];
}

export interface ClusterSettings {
  readonly namespace: string;
  readonly servicePort: number;
  /** The network's own names: those of the gateways. */
  readonly outside: Readonly<Record<string, readonly string[]>>;
  /** Where the bridges of its workers listen for calls of Mesos services. */
  readonly bridges: readonly Address[];
  readonly coredns: string;
  readonly directory: string;
}

const DNS_PORT = 5353;
const CONTROL_PORT = 10256;

/**
 * What is around the bridges of one cluster: CoreDNS, and a stand-in for kube-proxy that leads a Service's address to its
 * pods or, where it stands for a Mesos service, to the bridges.
 */
export class Cluster {
  readonly dns: ProcessHandle;
  readonly kubeProxy: ProcessHandle;
  private serial = 1;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly processes: ProcessTable,
    private readonly network: LoopbackNetwork,
    readonly settings: ClusterSettings,
    private current: ClusterRecord,
    /** Called with what is to be kept, after each change. */
    private readonly changed: (record: ClusterRecord) => void,
  ) {
    this.dns = new ProcessHandle(processes, `cluster-${current.name}/coredns`);
    this.kubeProxy = new ProcessHandle(processes, `cluster-${current.name}/kube-proxy`);
  }

  get name(): string {
    return this.current.name;
  }

  get record(): ClusterRecord {
    return this.current;
  }

  /** Address and port of its CoreDNS. */
  get resolver(): string {
    return `${this.network.dns(this.current.index)}:${DNS_PORT}`;
  }

  get services(): readonly ServiceRecord[] {
    return this.current.services;
  }

  service(name: string): ServiceRecord | undefined {
    return this.services.find((service) => service.name === name);
  }

  /** Where a pod of the cluster calls a Service. @throws Error when there is none of that name */
  serviceAddress(name: string): Address {
    const service = this.service(name);
    if (service === undefined) throw new Error(`cluster ${this.name} has no Service ${name}`);
    return { address: service.address, port: service.port };
  }

  async start(): Promise<void> {
    const [host] = this.resolver.split(":");
    mkdirSync(this.folder, { recursive: true });
    this.writeZones();
    const zones = [...this.zones().keys()].map(
      (zone) => `  file ${this.zoneFile(zone)} ${zone} {\n    reload 100ms\n  }\n`,
    );
    writeFileSync(
      join(this.folder, "Corefile"),
      `.:${DNS_PORT} {\n  bind ${host}\n  errors\n${zones.join("")}}\n`,
    );
    await this.processes.start({
      name: this.dns.name,
      command: this.settings.coredns,
      args: ["-conf", join(this.folder, "Corefile")],
      cwd: this.folder,
      logFile: join(this.folder, "coredns.log"),
    });
    await this.processes.start({
      name: this.kubeProxy.name,
      command: process.execPath,
      args: [join(packageRoot(), "mesh", "demo", "kube-proxy.mjs"), "--control", this.control],
      cwd: this.folder,
      logFile: join(this.folder, "kube-proxy.log"),
    });
    await this.processes.ready(this.kubeProxy.name, async () => (await http(this.controlUrl)).status === 200);
    await this.processes.ready(this.dns.name, () =>
      this.resolves(Object.keys(this.settings.outside)[0] ?? ""),
    );
    await this.update(this.services);
  }

  /** Makes a Service that leads to the bridges, as one stands for a Mesos service until its handover. */
  standIn(name: string): Promise<ServiceRecord> {
    return this.handover(name, "mesos");
  }

  /** Flips the Service to its own pods or to the bridges, for new connections. */
  async handover(name: string, owner: Owner): Promise<ServiceRecord> {
    return this.change(name, (service) => ({ ...service, owner }));
  }

  /** Adds a pod to a Service, which is made when it is not there. */
  addPod(name: string, pod: Address): Promise<ServiceRecord> {
    return this.change(name, (service) => ({ ...service, pods: [...service.pods, pod] }));
  }

  removePod(name: string, pod: Address): Promise<ServiceRecord> {
    const others = ({ address, port }: Address) => address !== pod.address || port !== pod.port;
    return this.change(name, (service) => ({ ...service, pods: service.pods.filter(others) }));
  }

  /** Deletes a Service: its name is not resolved any more. */
  async deleteService(name: string): Promise<void> {
    await this.inTurn(() => this.update(this.services.filter((service) => service.name !== name)));
  }

  /** One change after the other: each begins with what the one before has made. */
  private change(name: string, edit: (service: ServiceRecord) => ServiceRecord): Promise<ServiceRecord> {
    return this.inTurn(() => this.changeNow(name, edit));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private async changeNow(
    name: string,
    edit: (service: ServiceRecord) => ServiceRecord,
  ): Promise<ServiceRecord> {
    const before = this.service(name);
    const changed = edit(before ?? this.newService(name));
    await this.update([...this.services.filter((service) => service !== before), changed]);
    if (before === undefined) {
      await this.processes.ready(this.dns.name, () => this.resolves(this.hostOf(name)), 10_000);
    }
    return changed;
  }

  private newService(name: string): ServiceRecord {
    const taken = new Set(this.services.map(({ address }) => address));
    for (let index = 0; index < limits.services; index++) {
      const address = this.network.service(this.current.index, index);
      if (!taken.has(address)) {
        return { name, address, port: this.settings.servicePort, owner: "kubernetes", pods: [] };
      }
    }
    throw new Error(`cluster ${this.name} has ${limits.services} Services, and no address for ${name}`);
  }

  /** First where an address leads, then its name: no name leads nowhere. */
  private async update(services: readonly ServiceRecord[]): Promise<void> {
    const { bridges } = this.settings;
    const endpoints = Object.fromEntries(
      services.map(({ name, address, port, owner, pods }) => [
        name,
        { address, port, endpoints: owner === "mesos" ? bridges : pods },
      ]),
    );
    await json(this.controlUrl, { method: "PUT", body: JSON.stringify(endpoints) });
    this.current = { ...this.current, services };
    this.writeZones();
    this.changed(this.current);
  }

  private hostOf = (name: string) => `${name}.${this.settings.namespace}.svc.cluster.local`;

  private zones(): Map<string, string[]> {
    const zones = new Map<string, string[]>([["cluster.local", []]]);
    for (const { name, address } of this.services) {
      zones.get("cluster.local")?.push(`${this.hostOf(name)}. 5 IN A ${address}`);
    }
    for (const [host, addresses] of Object.entries(this.settings.outside)) {
      const zone = host.slice(host.indexOf(".") + 1);
      const lines = addresses.map((address) => `${host}. 5 IN A ${address}`);
      zones.set(zone, [...(zones.get(zone) ?? []), ...lines]);
    }
    return zones;
  }

  /** CoreDNS reads a zone again when its serial number has changed. */
  private writeZones(): void {
    const serial = Math.floor(Date.now() / 1000) * 10 + (this.serial++ % 10);
    for (const [zone, lines] of this.zones()) {
      const soa = `${zone}. 5 IN SOA ns.${zone}. hostmaster.${zone}. ${serial % 4_294_967_296} 5 5 5 1`;
      const file = this.zoneFile(zone);
      writeFileSync(`${file}.new`, [soa, `${zone}. 5 IN NS ns.${zone}.`, ...lines, ""].join("\n"));
      renameSync(`${file}.new`, file);
    }
  }

  private async resolves(host: string): Promise<boolean> {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([this.resolver]);
    return (await resolver.resolve4(host)).length > 0;
  }

  private get folder(): string {
    return join(this.settings.directory, `cluster-${this.name}`);
  }

  private zoneFile = (zone: string) => join(this.folder, `${zone}.zone`);

  private get control(): string {
    return `${this.network.kubeProxy(this.current.index)}:${CONTROL_PORT}`;
  }

  private get controlUrl(): string {
    return `http://${this.control}/services`;
  }
}
