import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type Server, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MeshRole } from "../../environment/mesh/node-settings";
import { builtCli } from "./built";
import { type Ended, startCli } from "./cli";
import { ConsulServer } from "./consul-server";
import { binaryOf, goTool } from "./go-tool";
import { REPOSITORY } from "./terraform-project";

const NODE = join(__dirname, "..", "..", "mesh", "node");

/** A Consul, a way in front of it that a test can stop, and a node's consul-template and mirror. */
export class PublishWorld {
  static async start(): Promise<PublishWorld> {
    // Compiled here, so that no test has that in its time.
    builtCli();
    const directory = await mkdtemp(join(tmpdir(), "skyline-publish-"));
    await mkdir(join(directory, "environments"));
    for (const name of ["development.yaml", "production.yaml"]) {
      await cp(join(REPOSITORY, "environments", name), join(directory, "environments", name));
    }
    const consul = await ConsulServer.start("development");
    return new PublishWorld(consul, directory, binaryOf(await goTool("consul-template")));
  }

  private constructor(
    readonly consul: ConsulServer,
    readonly directory: string,
    private readonly consulTemplate: string,
  ) {}

  /** `skyline mesh COMMAND --env development …` as a process, beside the environments' files. */
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const all = ["mesh", command, "--env", "development", ...args];
    return startCli(all, { ...this.consul.env, ...env }, this.directory).ended;
  }

  /** Keys below a prefix with their texts. */
  async keys(prefix: string): Promise<Record<string, string>> {
    const pairs = await this.consul
      .call<{ Key: string; Value: string | null }[]>("GET", `/v1/kv/${prefix}?recurse`)
      .catch(() => []);
    return Object.fromEntries(
      pairs.map(({ Key, Value }) => [
        Key.slice(prefix.length),
        Buffer.from(Value ?? "", "base64").toString(),
      ]),
    );
  }

  /** What a node of this role would have on its disk now: consul-template and the mirror run once, as they are. */
  async mirrored(role: MeshRole): Promise<Record<string, string>> {
    const state = join(this.directory, `node-${role}`);
    await Promise.all(["staging", "log", "run"].map((name) => mkdir(join(state, name), { recursive: true })));
    const node = join(state, "node.json");
    await writeFile(
      node,
      JSON.stringify({
        ...{ role, environment: "development", address: "127.0.0.1", nginx: "/bin/false" },
        paths: { state, run: join(state, "run"), log: join(state, "log") },
      }),
    );
    const template = `${join(NODE, "files.ctmpl")}:${join(state, "staging", "files.jsonl")}`;
    const env = { ...process.env, SKYLINE_ENVIRONMENT: "development", SKYLINE_ROLE: role };
    const flags = ["-once", `-consul-addr=${this.consul.address}`, `-consul-token=${this.consul.token}`];
    await promisify(execFile)(this.consulTemplate, [...flags, `-template=${template}`], { env });
    await promisify(execFile)(join(NODE, "skyline-mirror"), ["--node", node], { env });
    return tree(join(state, "files", "current"));
  }

  async stop(): Promise<void> {
    await this.consul.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function tree(folder: string): Promise<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const { stdout } = await promisify(execFile)("find", ["-L", folder, "-type", "f"]);
  const files = stdout.split("\n").filter((file) => file !== "");
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return Object.fromEntries(files.map((file, at) => [file.slice(folder.length + 1), texts[at] ?? ""]).sort());
}

/**
 * A way to Consul that does something before each transaction, such as cutting the connection.
 *
 * @param before is told the number of the transaction, from 1; when it gives false, the connection is cut
 */
export async function wayTo(
  consul: ConsulServer,
  before: (transaction: number) => Promise<boolean>,
): Promise<{ address: string; close(): Promise<void> }> {
  let transactions = 0;
  const pass = async (incoming: IncomingMessage, body: Buffer) => {
    if (incoming.url?.startsWith("/v1/txn") === true && !(await before(++transactions))) return undefined;
    return new Promise<{ status: number; text: Buffer }>((resolve, reject) => {
      const sent = request(
        `http://${consul.address}${incoming.url}`,
        { method: incoming.method, headers: incoming.headers, agent: false },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks) }));
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  };
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      pass(incoming, Buffer.concat(chunks)).then(
        (answer) => {
          if (answer === undefined) incoming.socket.destroy();
          else outgoing.writeHead(answer.status).end(answer.text);
        },
        () => incoming.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
