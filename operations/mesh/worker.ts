import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderBridge } from "../../environment/mesh/bridge-nginx";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { DEFAULT_SERVICE_CIDR, ports, WORKER_SERVICE } from "../../environment/naming";
import type { ConsulClient } from "./consul-client";
import { answers, http } from "./http";
import { readLog, type LogEntry } from "./logs";
import { FOREGROUND } from "./nginx-process";
import { ProcessHandle } from "./process-handle";
import type { ProcessTable } from "./process-table";

export interface WorkerSettings {
  /** `alpha-worker-1`; also its folder below the mesh's. */
  readonly name: string;
  readonly cluster: string;
  readonly address: string;
  readonly domain: string;
  /** Where the bridge sends. */
  readonly service: { readonly namespace: string; readonly port: number };
  /** Address and port of the cluster's CoreDNS. */
  readonly resolver: string;
  readonly nginx: string;
  readonly directory: string;
}

/** A Kubernetes worker, as far as the mesh knows one: the bridge. */
export class Worker {
  readonly nginx: ProcessHandle;

  constructor(
    private readonly processes: ProcessTable,
    readonly settings: WorkerSettings,
    /** Its node's agent, or a server where nodes have none. */
    readonly consul: ConsulClient,
  ) {
    this.nginx = new ProcessHandle(processes, `${settings.name}/nginx`, "SIGQUIT");
  }

  get name(): string {
    return this.settings.name;
  }

  get address(): string {
    return this.settings.address;
  }

  get cluster(): string {
    return this.settings.cluster;
  }

  /** Starts the bridge and registers the worker, as the agent of a real one does. */
  async start(): Promise<void> {
    for (const folder of ["settings", "run", "log"]) {
      mkdirSync(this.path(folder), { recursive: true });
    }
    const configuration = this.path("settings", "nginx.conf");
    writeFileSync(configuration, this.configuration());
    await this.processes.start({
      name: this.nginx.name,
      command: this.settings.nginx,
      args: ["-p", this.path("run"), "-e", "stderr", "-c", configuration, "-g", FOREGROUND],
      cwd: this.path("run"),
      logFile: this.path("log", "nginx.out"),
    });
    await this.ready();
    await this.register();
  }

  ready(): Promise<void> {
    return this.processes.ready(this.nginx.name, () => answers(`${this.healthUrl}/ready`));
  }

  async restartNginx(): Promise<void> {
    await this.nginx.restart();
    await this.ready();
  }

  register(): Promise<void> {
    return this.consul.register({
      name: WORKER_SERVICE,
      id: this.name,
      address: this.address,
      port: ports.inbound,
      tags: [],
      meta: { cluster: this.cluster },
      check: `${this.healthUrl}/ready`,
    });
  }

  deregister(): Promise<void> {
    return this.consul.deregister(this.name);
  }

  get healthUrl(): string {
    return `http://${this.address}:${ports.health}`;
  }

  /** As gateways and Mesos nodes call it. */
  inboundUrl(path: string): string {
    return `http://${this.address}:${ports.inbound}${path.startsWith("/") ? path : `/service/${path}`}`;
  }

  /** Where kube-proxy leads the call of a Service that stands for a Mesos service; its name goes into the Host header. */
  outboundUrl(path = "/"): string {
    return `http://${this.address}:${ports.outbound}${path}`;
  }

  async generation(): Promise<string> {
    return (
      (await http(`${this.healthUrl}/_skyline/generation`, { timeoutMs: 3000 })).body.split("\n")[0] ?? ""
    );
  }

  logs(): LogEntry[] {
    return readLog(this.path("log", "access.log"));
  }

  path(...parts: readonly string[]): string {
    return join(this.settings.directory, this.name, ...parts);
  }

  private configuration(): string {
    const { address, domain, service, resolver } = this.settings;
    return renderBridge(
      dataPlaneFile("bridge/nginx.conf"),
      // No address follows from the network of Services here: kubedns has one of its own.
      { domain, service, serviceCidr: DEFAULT_SERVICE_CIDR },
      {
        address,
        run: this.path("run"),
        accessLog: this.path("log", "access.log"),
        resolver,
        workers: 1,
      },
    );
  }
}
