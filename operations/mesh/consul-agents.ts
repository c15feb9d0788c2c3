import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { consulPorts } from "../../environment/naming";
import { ConsulClient } from "./consul-client";
import type { ProcessTable } from "./process-table";

export interface AgentSettings {
  /** Name of the node. */
  readonly name: string;
  readonly address: string;
  readonly environment: string;
  /** Servers in all: those that this one expects, or joins. */
  readonly servers: readonly string[];
  readonly binary: string;
  readonly directory: string;
}

/** One Consul agent, a server or a node's. */
export class ConsulAgent {
  readonly client: ConsulClient;
  readonly process: string;

  constructor(
    private readonly processes: ProcessTable,
    readonly settings: AgentSettings,
  ) {
    this.client = new ConsulClient(`http://${settings.address}:${consulPorts.http}`);
    this.process = `${settings.name}/consul`;
  }

  get address(): string {
    return this.settings.address;
  }

  /** Starts it for the first time. {@link ready} waits for it. */
  async start(): Promise<void> {
    const { name, directory, binary } = this.settings;
    const folder = join(directory, name);
    mkdirSync(join(folder, "consul"), { recursive: true });
    const file = join(folder, "consul.json");
    writeFileSync(file, `${JSON.stringify(this.configuration(join(folder, "consul")), null, 2)}\n`);
    await this.processes.start({
      name: this.process,
      command: binary,
      args: ["agent", `-config-file=${file}`],
      cwd: folder,
      logFile: join(folder, "consul.log"),
    });
  }

  /** Resolves when it knows a leader. */
  ready(timeoutMs = 30_000): Promise<void> {
    return this.processes.ready(this.process, async () => (await this.client.leader()) !== "", timeoutMs);
  }

  get running(): boolean {
    return this.processes.isRunning(this.process);
  }

  /** Ends it in order; its data stay. */
  async stop(): Promise<void> {
    this.processes.signal(this.process, "SIGTERM");
    await this.processes.ended(this.process, 10_000);
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.processes.kill(this.process);
  }

  /** Starts it again with its data; {@link ready} waits for it. */
  async restart(): Promise<void> {
    await this.processes.restart(this.process);
  }

  private configuration(data: string): object {
    const { name, address, environment, servers } = this.settings;
    const isServer = servers.includes(address);
    return {
      datacenter: environment,
      node_name: name,
      data_dir: data,
      bind_addr: address,
      client_addr: address,
      server: isServer,
      ...(isServer ? { bootstrap_expect: servers.length, autopilot: { cleanup_dead_servers: false } } : {}),
      retry_join: servers.filter((server) => server !== address),
      retry_interval: "1s",
      leave_on_terminate: false,
      skip_leave_on_interrupt: true,
      ports: { dns: -1, grpc: -1, grpc_tls: -1, serf_wan: -1 },
      performance: { raft_multiplier: 1 },
      // consul-template holds a connection for each service, and here all nodes have one source address.
      limits: { http_max_conns_per_client: connections(), rpc_max_conns_per_client: 1000 },
      disable_update_check: true,
      log_level: "warn",
    };
  }
}

/** As many as the machine has files for: Consul refuses to start with a limit above that. */
function connections(): number {
  try {
    const hard = /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return Math.max(200, Math.min(20_000, Number(hard ?? 0) - 1000));
  } catch {
    return 200;
  }
}
