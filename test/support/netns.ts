import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Address, Seen, WorldSettings } from "./netns-world";
import { compilePrograms } from "./compiled-programs";
import { ManagedProcess } from "./process";

export type { Address, Seen, SeenRequest } from "./netns-world";

export interface WorldOptions extends Pick<WorldSettings, "dns" | "ports" | "relays"> {
  /** An existing folder, for its files and sockets. */
  readonly directory: string;
  /** Addresses in the namespace that tests want to reach, by name. */
  readonly doors: Readonly<Record<string, Address>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Request {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | readonly string[];
  readonly timeoutMs?: number;
}

/**
 * A network namespace with kubedns and echoing backends at every address; nothing in it leaves it. It ends with the
 * process that holds it, and leaves no name behind.
 */
export class World {
  static async start(options: WorldOptions): Promise<World> {
    requireNamespaces();
    const folder = join(options.directory, "world");
    mkdirSync(folder);
    const door = (name: string) => join(folder, `${name}.sock`);
    const settings: WorldSettings = {
      control: door("control"),
      doors: Object.entries(options.doors).map(([name, to]) => ({ socket: door(name), ...to })),
      dns: options.dns,
      ports: options.ports,
      relays: options.relays,
    };
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
    compilePrograms(folder, ["netns-world", "netns-dns"]);
    const holder = await ManagedProcess.start({
      name: "the world of the network namespace",
      command: "unshare",
      args: ["--net", "--", process.execPath, join(folder, "netns-world.js"), join(folder, "settings.json")],
      logFile: join(folder, "log"),
    });
    const world = new World(holder, door);
    try {
      await holder.ready(() => world.seen());
    } catch (error) {
      await holder.stop();
      throw error;
    }
    return world;
  }

  private constructor(
    private readonly holder: ManagedProcess,
    private readonly door: (name: string) => string,
  ) {}

  /** Its holder's id: the namespace is `/proc/<pid>/ns/net`. */
  get pid(): number {
    return this.holder.pid;
  }

  /** What backends and kubedns were asked since the last `forget`. */
  async seen(): Promise<Seen> {
    return JSON.parse((await this.send("control", { path: "/seen" })).body) as Seen;
  }

  async forget(): Promise<void> {
    await this.send("control", { path: "/forget", method: "POST" });
  }

  /** A kubedns that is down answers nothing. */
  async kubeDns(state: "up" | "down"): Promise<void> {
    await this.send("control", { path: `/dns/${state}`, method: "POST" });
  }

  /** A request through a door, on a connection of its own. */
  send(door: string, { path, method, headers, body = [], timeoutMs = 10_000 }: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: this.door(door), path, method, headers, agent: false },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (more: string) => (text += more));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      sent.setTimeout(timeoutMs, () =>
        sent.destroy(new Error(`${door} did not answer ${path} in ${timeoutMs} ms`)),
      );
      sent.on("error", reject);
      for (const part of typeof body === "string" ? [body] : body) sent.write(part);
      sent.end();
    });
  }

  /** Bytes through a door, and all that comes back until the other side closes. */
  sendRaw(door: string, bytes: string | Buffer, timeoutMs = 10_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(this.door(door));
      socket.setTimeout(timeoutMs, () =>
        socket.destroy(new Error(`${door} did not close in ${timeoutMs} ms`)),
      );
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("error", reject);
      socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    });
  }

  stop(): Promise<void> {
    return this.holder.stop();
  }
}

/** @throws Error where namespaces cannot be made: a test that needs them fails there, and is not skipped */
export function requireNamespaces(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("this test runs programs in namespaces of its own, which takes Linux and root");
  }
  for (const [command, args, from] of [
    ["unshare", ["--net", "--mount", "--pid", "--fork", "true"], "util-linux"],
    ["ip", ["-Version"], "iproute2"],
  ] as const) {
    try {
      execFileSync(command, args, { stdio: "pipe" });
    } catch (error) {
      const { stderr, message } = error as { stderr?: Buffer; message: string };
      const said = stderr?.toString().trim() || message;
      throw new Error(`this test needs "${command} ${args.join(" ")}" to work (Debian: ${from}): ${said}`);
    }
  }
}
