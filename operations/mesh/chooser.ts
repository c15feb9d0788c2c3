import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DENIED_SERVICE_NAMES, GATEWAY_SERVICE, gatewayHost, ports } from "../../environment/naming";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { packageRoot } from "../../environment/package-root";
import { renderConsulTemplate } from "../../environment/mesh/consul-template";
import { renderGatewayNginx, renderMesosNginx } from "../../environment/mesh/nginx";
import { renderNodeSettings, type NodeSettings } from "../../environment/mesh/node-settings";
import type { MeshBinaries } from "./binaries";
import { ConsulClient } from "./consul-client";
import { answers, http } from "./http";
import { readLog, type LogEntry } from "./logs";
import { FOREGROUND } from "./nginx-process";
import { ProcessHandle } from "./process-handle";
import type { ProcessTable } from "./process-table";

const run = promisify(execFile);

export interface ChooserSettings {
  readonly role: "mesos" | "gateway";
  /** `mesos-1`; also its folder below the mesh's. */
  readonly name: string;
  readonly address: string;
  readonly environment: string;
  readonly domain: string;
  /** Address and port of its Consul agent's API. */
  readonly consul: string;
  /** Address and port of the network's resolver. */
  readonly resolver: string;
  readonly initialWeights: Readonly<Record<string, number>>;
  readonly directory: string;
  readonly binaries: MeshBinaries;
}

/** A model as the apply step keeps it beside each generation. */
export interface Model {
  readonly services: Readonly<
    Record<string, readonly (readonly [address: string, port: number, node: string])[]>
  >;
  readonly clusters: Readonly<Record<string, readonly (readonly [address: string, port: number])[]>>;
  readonly weights: Readonly<Record<string, number>>;
  /** Generation of the dial that they are of; 0 for initial weights. */
  readonly dialGeneration: number;
  /** Those that services have, as parts of `Settings` in `skyline_mesh/model.py`. */
  readonly settings: Readonly<Record<string, readonly (number | string | null)[]>>;
  readonly boot: boolean;
}

/** Seconds after which the apply step runs again, as its timer has it on a node. */
const APPLY_SECONDS = 5;

/** The code of a node: on one it is in /usr/local/lib/skyline/mesh. */
const code = () => join(packageRoot(), "mesh", "node");

/**
 * A node with rendered routes: NGINX, consul-template and the apply step from the files of `mesh/`, as on a real node but
 * for the paths and the address.
 */
export class Chooser {
  readonly nginx: ProcessHandle;
  readonly consulTemplate: ProcessHandle;
  /** Runs the apply step now and then, as the node's timer does. */
  readonly timer: ProcessHandle;
  readonly metrics: ProcessHandle;
  /** Its Consul agent's API: the node's own agent, or a server where nodes have none. */
  readonly consul: ConsulClient;

  constructor(
    protected readonly processes: ProcessTable,
    readonly settings: ChooserSettings,
  ) {
    this.nginx = new ProcessHandle(processes, `${settings.name}/nginx`, "SIGQUIT");
    this.consulTemplate = new ProcessHandle(processes, `${settings.name}/consul-template`, "SIGINT");
    this.timer = new ProcessHandle(processes, `${settings.name}/apply-timer`);
    this.metrics = new ProcessHandle(processes, `${settings.name}/metrics`);
    this.consul = new ConsulClient(`http://${settings.consul}`);
  }

  get name(): string {
    return this.settings.name;
  }

  get address(): string {
    return this.settings.address;
  }

  /** Folder of its `settings`, `state`, `run` and `log`. */
  get folder(): string {
    return join(this.settings.directory, this.name);
  }

  /** Path of a file of the node, `state/live/model.json`. */
  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Writes its files and starts it; resolves when NGINX serves its first generation. */
  async start(): Promise<void> {
    this.writeFiles();
    await this.apply("--boot");
    await this.startNginx();
    await this.processes.start({
      ...this.spec("consul-template"),
      command: this.settings.binaries.consulTemplate,
      // It takes no notice of SIGTERM.
      quit: "SIGINT",
      args: [`-config=${this.path("settings", "consul-template.hcl")}`],
    });
    await this.processes.start({
      ...this.spec("metrics"),
      command: join(code(), "skyline-metrics"),
      args: ["--node", this.nodeFile],
    });
    const again = `while sleep ${APPLY_SECONDS}; do "$0" --node "$1"; done`;
    await this.processes.start({
      ...this.spec("apply-timer"),
      command: "/bin/sh",
      args: ["-c", again, join(code(), "skyline-apply"), this.nodeFile],
    });
  }

  private async startNginx(): Promise<void> {
    await this.processes.start({
      ...this.spec("nginx"),
      command: this.settings.binaries.nginx,
      args: [
        "-p",
        this.path("run"),
        "-e",
        "stderr",
        "-c",
        this.path("state", "live", "nginx.conf"),
        "-g",
        FOREGROUND,
      ],
    });
    await this.processes.ready(this.nginx.name, () => answers(`${this.healthUrl}/health`));
  }

  /** Starts NGINX as systemd would start it again: with what is live, which needs no Consul. */
  async restartNginx(): Promise<void> {
    await this.apply("--boot");
    await this.startNginx();
  }

  /** Runs the apply step. @returns what it printed */
  async apply(...options: readonly string[]): Promise<string> {
    const { stdout } = await run(join(code(), "skyline-apply"), ["--node", this.nodeFile, ...options], {
      env: { ...process.env, ...this.environment },
      cwd: this.folder,
    });
    return stdout;
  }

  /** What the apply step says of the node. */
  async status(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.apply("--status")) as Record<string, unknown>;
  }

  /** Makes NGINX read its live generation again. */
  reload(): void {
    if (!this.nginx.signal("SIGHUP")) throw new Error(`NGINX of ${this.name} does not run`);
  }

  /** URL of health, generation and metrics. */
  get healthUrl(): string {
    return `http://${this.address}:${ports.health}`;
  }

  /** The generation that NGINX serves now. @throws Error when it answers none */
  async generation(): Promise<string> {
    const { status, body } = await http(`${this.healthUrl}/_skyline/generation`, { timeoutMs: 3000 });
    if (status !== 200) throw new Error(`${this.name}: ${status} ${body.trim()}`);
    return body.split("\n")[0] ?? "";
  }

  /** The model of the generation that is installed, and that generation. */
  live(): { readonly generation: string; readonly model: Model } {
    const conf = readFileSync(this.path("state", "live", "generation.conf"), "utf8");
    const model = JSON.parse(readFileSync(this.path("state", "live", "model.json"), "utf8")) as Model;
    return { generation: /"([0-9a-f]{12,})"/.exec(conf)?.[1] ?? "", model };
  }

  /**
   * Why the installed generation is not the only one that serves, or undefined when it is. One answer is not enough: for
   * a moment after a reload workers of both generations take connections, and the apply step waits for the end of it.
   */
  async unconfirmed(): Promise<string | undefined> {
    const { generation } = this.live();
    const state = JSON.parse(readFileSync(this.path("state", "state.json"), "utf8")) as {
      unconfirmed_from?: string | null;
    };
    if ((state.unconfirmed_from ?? null) !== null) return `${this.name} has not confirmed ${generation} yet`;
    const serves = await this.generation();
    return serves === generation ? undefined : `${this.name} serves ${serves}, installed is ${generation}`;
  }

  /** Lines of its access log, in their order. */
  logs(): LogEntry[] {
    return readLog(this.path("log", "access.log"));
  }

  private get nodeFile(): string {
    return this.path("settings", "node.json");
  }

  private get environment(): Record<string, string> {
    return {
      SKYLINE_ENVIRONMENT: this.settings.environment,
      SKYLINE_ROLE: this.settings.role,
      SKYLINE_MESH_NODE: this.nodeFile,
      // The package's folder may be another's, and is not to be written to.
      PYTHONPYCACHEPREFIX: join(this.settings.directory, "pycache"),
      // Where somebody has set this, Python's own library would be compiled anew at each apply step, each 5 s on each node.
      PYTHONDONTWRITEBYTECODE: "",
    };
  }

  private spec(process: string) {
    return {
      name: `${this.name}/${process}`,
      cwd: this.path("run"),
      logFile: this.path("log", `${process}.out`),
      env: this.environment,
    };
  }

  private writeFiles(): void {
    for (const folder of ["settings", "state", "state/cache", "run", "log"]) {
      mkdirSync(this.path(folder), { recursive: true });
    }
    const { role, address, environment, domain, consul, resolver, initialWeights, binaries } = this.settings;
    const paths = { state: this.path("state"), run: this.path("run"), log: this.path("log") };
    const node: NodeSettings = {
      role,
      environment,
      address,
      nginx: binaries.nginx,
      paths,
      ports: {
        local: ports.localProxy,
        inbound: ports.inbound,
        gateway: ports.gateway,
        health: ports.health,
      },
      listen: { local: address, node: address, health: address },
      ...(role === "mesos" ? { gateway: `${gatewayHost(domain)}:${ports.gateway}` } : {}),
      denied: DENIED_SERVICE_NAMES,
      initialWeights,
    };
    writeFileSync(this.nodeFile, renderNodeSettings(node));
    const { run, log } = paths;
    const machine = {
      run,
      log,
      cache: this.path("state", "cache"),
      workers: "1",
      connections: 4096,
      listen: node.listen,
    };
    writeFileSync(
      this.path("settings", "nginx.conf"),
      role === "mesos"
        ? renderMesosNginx({ ...machine, domain, resolver })
        : renderGatewayNginx({ ...machine, draining: this.path("run", "draining") }),
    );
    const template = { consul, tokenFile: "", code: code(), state: paths.state, node: this.nodeFile };
    writeFileSync(
      this.path("settings", "consul-template.hcl"),
      renderConsulTemplate(dataPlaneFile("node/consul-template.hcl"), template),
    );
  }
}

/** A Mesos node: the local proxy, and the destination proxy in front of its instances. */
export class MesosNode extends Chooser {
  /** As a service on this node would call: `http://127.10.0.11:5040/service/foo/bar`. */
  localUrl(path: string): string {
    return `http://${this.address}:${ports.localProxy}${path.startsWith("/") ? path : `/service/${path}`}`;
  }

  /** The destination proxy, as other nodes and gateways call it. */
  inboundUrl(path: string): string {
    return `http://${this.address}:${ports.inbound}${path.startsWith("/") ? path : `/service/${path}`}`;
  }
}

export class Gateway extends Chooser {
  /** Starts it and registers it, as the agent of a real one does. */
  override async start(): Promise<void> {
    await super.start();
    await this.consul.register({
      name: GATEWAY_SERVICE,
      id: this.name,
      address: this.address,
      port: ports.gateway,
      tags: [],
      check: `${this.healthUrl}/health`,
    });
  }

  /** As anybody outside calls. */
  url(path: string): string {
    return `http://${this.address}:${ports.gateway}${path.startsWith("/") ? path : `/service/${path}`}`;
  }
}
