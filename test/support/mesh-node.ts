import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { renderGatewayNginx, renderMesosNginx } from "../../environment/mesh/nginx";
import {
  type MeshRole,
  type NodeSettings,
  gatewaySettings,
  mesosSettings,
} from "../../environment/mesh/node-settings";
import { nginxBinary } from "./nginx-binary";
import { ManagedProcess, waitUntil } from "./process";
import { REPOSITORY } from "./terraform-project";

export interface LiveModel {
  readonly services: Record<string, [string, number, string][]>;
  readonly clusters: Record<string, [string, number][]>;
  readonly weights: Record<string, number>;
  readonly dialGeneration: number;
  readonly settings: Record<string, unknown>;
}

/** The programs of a node. */
export const NODE_CODE = join(REPOSITORY, "mesh", "node");

export const ENVIRONMENT = "test";

/** What a line of apply.log, and `--status`, tell of a run. */
export interface ApplyRun {
  readonly result: string;
  readonly findings: readonly string[];
  readonly generation?: string;
  readonly held?: readonly string[];
  readonly held_clusters?: readonly string[];
  readonly dropped?: Readonly<Record<string, number>>;
  readonly allowed?: readonly string[];
  readonly override?: { readonly by: string; readonly why: string };
  readonly back?: string;
}

/** Its state.json, as far as tests look at it. */
export interface ApplyState {
  readonly bucket: { readonly tokens: number; readonly at: number };
  readonly dial_bucket: { readonly tokens: number; readonly at: number };
  readonly removed: Readonly<Record<string, number>>;
  readonly missing: Readonly<Record<string, number>>;
  readonly silent: Readonly<Record<string, number>>;
  readonly unconfirmed_from: string | null;
  readonly refused: Readonly<Record<string, number>>;
  readonly counters: Readonly<Record<string, number>>;
  readonly last: ApplyRun;
}

/** What `skyline-apply --status` prints. */
export interface ApplyStatus {
  readonly live: string | null;
  readonly serving: string | null;
  readonly unconfirmedFrom: string | null;
  readonly services: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly boot: boolean;
  readonly nginxConf: { readonly base: string; readonly sha256: string } | null;
  readonly last: ApplyRun;
  readonly counters: Readonly<Record<string, number>>;
}

/** How a run of a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface MeshNodeOptions {
  readonly role?: MeshRole;
  readonly settings?: Partial<NodeSettings>;
}

/** A node of the mesh on a loopback address of its own: its files, its NGINX and the apply step, without consul-template. */
export class MeshNode {
  static async create({ role = "gateway", settings = {} }: MeshNodeOptions = {}): Promise<MeshNode> {
    const directory = mkdtempSync(join(tmpdir(), "skyline-node-"));
    const address = await freeAddress();
    const node = new MeshNode(role, directory, address, await nginxBinary());
    for (const folder of ["state/staging", "run", "log", "etc"]) {
      mkdirSync(join(directory, folder), { recursive: true });
    }
    const listen = { local: address, node: address, health: address };
    const base =
      role === "gateway" ? gatewaySettings(ENVIRONMENT) : mesosSettings(ENVIRONMENT, "test.internal");
    const { state, run, log } = node;
    node.writeSettings({
      ...base,
      initialWeightsFile: undefined,
      address,
      nginx: node.nginx,
      paths: { state, run, log },
      listen,
      ...settings,
    });
    const places = { run, log, cache: join(state, "cache"), workers: "1", connections: 512 };
    const draining = join(directory, "draining");
    node.nginxConf =
      role === "gateway"
        ? renderGatewayNginx({ ...places, listen, draining })
        : renderMesosNginx({ ...places, listen, domain: "test.internal", resolver: "127.0.0.1:9" });
    return node;
  }

  readonly state: string;
  readonly run: string;
  readonly log: string;
  readonly file: string;
  private server: ManagedProcess | undefined;

  private constructor(
    readonly role: MeshRole,
    readonly directory: string,
    readonly address: string,
    readonly nginx: string,
  ) {
    this.state = join(directory, "state");
    this.run = join(directory, "run");
    this.log = join(directory, "log");
    this.file = join(directory, "etc", "node.json");
  }

  writeSettings(settings: NodeSettings): void {
    writeFileSync(this.file, JSON.stringify(settings));
  }

  get settings(): NodeSettings {
    return JSON.parse(readFileSync(this.file, "utf8")) as NodeSettings;
  }

  get nginxConf(): string {
    return readFileSync(join(this.directory, "etc", "nginx.conf"), "utf8");
  }

  set nginxConf(text: string) {
    writeFileSync(join(this.directory, "etc", "nginx.conf"), text);
  }

  /** What consul-template would have written. */
  stage(catalogue: string | Buffer): void {
    writeFileSync(join(this.state, "staging", "catalogue.jsonl"), catalogue);
  }

  stageDial(dial: string): void {
    writeFileSync(join(this.state, "staging", "dial.jsonl"), dial);
  }

  stageFiles(files: string): void {
    writeFileSync(join(this.state, "staging", "files.jsonl"), files);
  }

  /** Runs skyline-apply and tells what came of it; rejects when it ends with anything but 0. */
  async apply(...options: string[]): Promise<ApplyState> {
    const ended = await this.program("skyline-apply", options);
    if (ended.code !== 0 || ended.stderr !== "") {
      throw new Error(`skyline-apply ${options.join(" ")}: ${ended.code ?? ended.signal} ${ended.stderr}`);
    }
    return this.remembered;
  }

  /** What the apply step remembers. */
  get remembered(): ApplyState {
    return JSON.parse(readFileSync(join(this.state, "state.json"), "utf8")) as ApplyState;
  }

  set remembered(state: ApplyState) {
    writeFileSync(join(this.state, "state.json"), JSON.stringify(state));
  }

  /** As if the last reload was long ago. */
  rest(): void {
    this.remembered = { ...this.remembered, bucket: { tokens: 3, at: 0 } };
  }

  async status(): Promise<ApplyStatus> {
    return JSON.parse((await this.program("skyline-apply", ["--status"])).stdout) as ApplyStatus;
  }

  program(name: string, options: readonly string[] = [], signal?: AbortSignal): Promise<Ended> {
    const begun = Date.now();
    return new Promise((resolve) => {
      const child = execFile(
        join(NODE_CODE, name),
        ["--node", this.file, ...options],
        { maxBuffer: 1 << 26, signal, killSignal: "SIGKILL" },
        (_error, stdout, stderr) =>
          resolve({
            code: child.exitCode,
            signal: child.signalCode,
            stdout,
            stderr,
            milliseconds: Date.now() - begun,
          }),
      );
    });
  }

  /** Starts NGINX on what is live, and waits until it says so. */
  async start(): Promise<void> {
    this.server = await ManagedProcess.start({
      name: `NGINX on ${this.address}`,
      command: this.nginx,
      args: [
        "-p",
        this.run,
        "-e",
        "stderr",
        "-c",
        join(this.state, "live", "nginx.conf"),
        "-g",
        // Workers of an NGINX that root starts would be nobody, who may not write here.
        process.getuid?.() === 0 ? "daemon off; user root;" : "daemon off;",
      ],
      logFile: join(this.log, "nginx.log"),
    });
    await waitUntil("NGINX serves", async () => {
      if ((await this.serving()) === undefined) {
        throw new Error(this.server?.lastLines(5));
      }
    });
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  get master(): number {
    return this.server!.pid;
  }

  /** The generation that a new connection is answered. */
  async serving(): Promise<string | undefined> {
    try {
      const response = await fetch(`http://${this.address}:5044/_skyline/generation`, {
        headers: { connection: "close" },
        signal: AbortSignal.timeout(5000),
      });
      return response.status === 200 ? (await response.text()).trim() : undefined;
    } catch {
      return undefined;
    }
  }

  /** The name of the live generation. */
  live(): string | undefined {
    const link = join(this.state, "live");
    return existsSync(link) ? basename(readlinkSync(link)) : undefined;
  }

  /** Moves the link and nothing else, as a run does that is killed there. */
  pointLive(name: string): void {
    const link = join(this.state, "live");
    rmSync(link);
    symlinkSync(`generations/${name}`, link);
  }

  /** A request whose body does not come: its worker stays for as long as its socket does. */
  async halfRequest(): Promise<Socket> {
    const socket = connect({ host: this.address, port: this.role === "gateway" ? 5042 : 5040 });
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write(
      "POST /service/marker/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n12345",
    );
    await once(socket, "data");
    return socket;
  }

  /** A file of the live generation. */
  liveFile(name: string): string {
    return readFileSync(join(this.state, "live", name), "utf8");
  }

  /** What the live generation was made of. */
  model(): LiveModel {
    return JSON.parse(this.liveFile("model.json")) as LiveModel;
  }

  /** Services that are live. */
  services(): string[] {
    return Object.keys(this.model().services);
  }

  /** A file that the mirror has laid out. */
  published(path: string): string | undefined {
    const file = join(this.state, "files", "current", path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  runs(): ApplyRun[] {
    const file = join(this.log, "apply.log");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ApplyRun);
  }

  /** What NGINX says to the live configuration; empty when it takes it. */
  test(): Promise<string> {
    return new Promise((resolve) => {
      const args = ["-t", "-q", "-e", "stderr", "-p", this.run, "-c", join(this.state, "live", "nginx.conf")];
      execFile(this.nginx, args, (error, _stdout, stderr) =>
        resolve(error === null ? "" : stderr || String(error)),
      );
    });
  }
}

/** A loopback address at which no port of the mesh is taken. */
async function freeAddress(): Promise<string> {
  for (;;) {
    const address = `127.${randomInt(20, 120)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(5044, address, () => probe.close(() => resolve(true)));
    });
    if (free) {
      return address;
    }
  }
}
