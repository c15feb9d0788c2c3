import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { AwsCall, HubSettings, HubState, TargetHealth } from "./boot-types";
import { compilePrograms } from "./compiled-programs";
import { ManagedProcess } from "./process";

/** Programs of the hub, which run outside Jest. */
const PROGRAMS = [
  "boot-hub",
  "boot-aws-front",
  "boot-balancer",
  "boot-dns",
  "boot-hardware",
  "boot-metadata",
  "boot-signature",
  "netns-dns",
];

export interface HubOptions extends Pick<HubSettings, "network" | "certificate" | "balancer"> {
  /** An existing folder, for its files and sockets. */
  readonly folder: string;
  /** Port on loopback of the AWS emulator, outside the namespace. */
  readonly emulatorPort: number;
}

/** The process of boot-hub.ts, and what tests tell it. It ends with this process. */
export class HubProcess {
  static async start(options: HubOptions): Promise<HubProcess> {
    const { folder, emulatorPort, network, certificate, balancer } = options;
    const settings: HubSettings = {
      ...{ network, certificate, balancer },
      control: join(folder, "control.sock"),
      emulator: join(folder, "emulator.sock"),
      doors: [{ socket: join(folder, "api.sock"), address: network.balancer, port: balancer.port }],
    };
    const forwarder = await forward(settings.emulator, emulatorPort);
    compilePrograms(folder, PROGRAMS);
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
    const program = [process.execPath, join(folder, "boot-hub.js"), join(folder, "settings.json")];
    const running = await ManagedProcess.start({
      name: "the hub of the network",
      command: "unshare",
      args: ["--net", "--", ...program],
      logFile: join(folder, "hub.log"),
    });
    const hub = new HubProcess(folder, running, forwarder);
    try {
      await running.ready(() => hub.health());
    } catch (error) {
      await hub.stop();
      throw error;
    }
    return hub;
  }

  private told: HubState = { names: {}, instances: [], disks: [], cards: [], targets: [], secrets: {} };
  private telling: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly process: ManagedProcess,
    private readonly forwarder: Server,
  ) {}

  /** The network's namespace is `/proc/<pid>/ns/net`. */
  get pid(): number {
    return this.process.pid;
  }

  /** Unix socket that leads to the balancer. */
  get door(): string {
    return join(this.folder, "api.sock");
  }

  /** What it was told last. */
  get state(): HubState {
    return this.told;
  }

  /** Several at once are told one after another: an older state must not come last. */
  async change(change: Partial<HubState>): Promise<void> {
    const state = { ...this.told, ...change };
    this.told = state;
    const before = this.telling.catch(() => undefined);
    this.telling = before.then(() => this.tell("PUT /state", state));
    await this.telling;
  }

  async health(): Promise<readonly TargetHealth[]> {
    return (await this.tell("GET /health")) as TargetHealth[];
  }

  async calls(): Promise<readonly AwsCall[]> {
    return (await this.tell("GET /calls")) as AwsCall[];
  }

  /** Pulls the cables of an instance. @returns when */
  async unplug(instance: string): Promise<number> {
    return (await this.tell("POST /unplug", instance)) as number;
  }

  /** Disks that machines have mounted go away with these. */
  async releaseDisks(): Promise<void> {
    await this.tell("POST /release");
  }

  lastLines(): string {
    return this.process.lastLines();
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.forwarder.close();
  }

  private async tell(what: string, body?: unknown): Promise<unknown> {
    const [method, path] = what.split(" ");
    const socketPath = join(this.folder, "control.sock");
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (more: string) => (text += more));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`the hub answered ${response.statusCode} to ${what}: ${text}`));
        });
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** A Unix socket that leads to a port on loopback: of the network, namespaces have their own; of files they do not. */
async function forward(path: string, port: number): Promise<Server> {
  const server = createServer((inside) => {
    const outside = connect(port, "127.0.0.1");
    inside.pipe(outside).pipe(inside);
    inside.on("error", () => outside.destroy()).on("close", () => outside.destroy());
    outside.on("error", () => inside.destroy()).on("close", () => inside.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return server;
}
