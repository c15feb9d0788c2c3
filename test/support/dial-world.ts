import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ports } from "../../environment/naming";
import { loadEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";
import { run } from "../../cli/program";
import { Consul } from "../../operations/consul/client";
import { consulSettings } from "../../operations/consul/settings";
import type { AuditRecord } from "../../operations/dial/audit";
import type { ChangeRequest } from "../../operations/dial/request";
import type { Dial } from "../../operations/dial/state";
import { builtCli } from "./built";
import { type Ended, type RunningCli, startCli } from "./cli";
import { ConsulServer } from "./consul-server";
import { REPOSITORY } from "./terraform-project";

/**
 * Environments `development` and `production` with the clusters alpha (active), bravo and charlie (passive), and delta
 * (retiring), in a folder of their own.
 */
export function dialFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), "skyline-dial-"));
  mkdirSync(join(directory, "environments"));
  for (const name of ["development", "production"]) {
    const text = readFileSync(join(REPOSITORY, "environments", "development.yaml"), "utf8");
    const bravo = text.slice(text.indexOf("  bravo:\n"));
    const other = (cluster: string, role: string) =>
      bravo.replace("  bravo:\n", `  ${cluster}:\n`).replace("role: passive", `role: ${role}`);
    const whole = `${text.trimEnd()}\n${other("charlie", "passive")}${other("delta", "retiring")}`.replace(
      "environment: development",
      `environment: ${name}`,
    );
    writeFileSync(join(directory, "environments", `${name}.yaml`), whole);
  }
  return directory;
}

/** A Consul with workers of alpha, bravo and charlie, and the CLI beside the files of {@link dialFolder}. */
export class DialWorld {
  static async start(name: "development" | "production" = "development"): Promise<DialWorld> {
    // Compiled here, so that no test has that in its time.
    builtCli();
    const world = new DialWorld(name, await ConsulServer.start(name), dialFolder());
    await world.workers({ alpha: 2, bravo: 2, charlie: 1, delta: 1 });
    return world;
  }

  readonly environment: Environment;
  private gateways: readonly StubGateway[] = [];

  private constructor(
    private readonly name: string,
    readonly server: ConsulServer,
    readonly directory: string,
  ) {
    this.environment = loadEnvironment(join(directory, "environments", `${name}.yaml`));
  }

  /** As operations are given it. */
  get consul(): Consul {
    return new Consul({ settings: consulSettings(this.server.env), datacenter: this.name });
  }

  /** What a change by ann is asked with; it waits for no gateway. */
  request(of: Partial<ChangeRequest> = {}): ChangeRequest {
    const { environment, consul } = this;
    return { environment, consul, by: "ann@desk", dryRun: false, waitMs: undefined, ...of };
  }

  /** `skyline dial COMMAND --env NAME …` as a process, beside the environments' files. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCli {
    const all = ["dial", command, "--env", this.name, ...args];
    return startCli(all, { ...this.server.env, ...env }, this.directory);
  }

  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(command, args, env).ended;
  }

  /** The same inside this process: for what has no part in being one, in a tenth of the time. */
  async inside(command: string, args: readonly string[]): Promise<Ended> {
    const [out, err]: [string[], string[]] = [[], []];
    const streams = {
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => err.push(text) },
    };
    const before = { ...process.env };
    Object.assign(process.env, this.server.env);
    const directory = join(this.directory, "environments");
    try {
      const code = await run(
        ["dial", command, "--env", this.name, "--directory", directory, ...args],
        streams,
      );
      return { code, stdout: out.join(""), stderr: err.join("") };
    } finally {
      for (const name of Object.keys(this.server.env)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  }

  /** Registers healthy workers of each cluster, and takes out all others of it. */
  async workers(counts: Readonly<Record<string, number>>): Promise<void> {
    for (const [cluster, count] of Object.entries(counts)) {
      for (let at = 0; at < 3; at++) {
        const Node = `${cluster}-${at}`;
        if (at >= count) {
          await this.server.call("PUT", "/v1/catalog/deregister", { Node });
          continue;
        }
        await this.server.call("PUT", "/v1/catalog/register", {
          Node,
          Address: "127.0.0.1",
          Service: { ID: "worker", Service: "kubernetes-worker", Port: 5041, Meta: { cluster } },
          Check: { CheckID: "worker", Name: "http", Status: "passing", ServiceID: "worker" },
        });
      }
    }
  }

  /** The dial's key, read as JSON. */
  async dial(): Promise<Dial | undefined> {
    const text = await this.text("dial");
    return text === undefined ? undefined : (JSON.parse(text) as Dial);
  }

  /** All records, by generation. */
  async audit(): Promise<readonly AuditRecord[]> {
    const pairs = await this.pairs<{ Value: string }>("audit/dial/", { recurse: "" });
    return pairs
      .map(({ Value }) => JSON.parse(Buffer.from(Value, "base64").toString()) as AuditRecord)
      .sort((one, other) => one.generation - other.generation);
  }

  /** Text of `skyline/<env>/<name>`. */
  async text(name: string): Promise<string | undefined> {
    const [pair] = await this.pairs<{ Value: string | null }>(name);
    return pair === undefined ? undefined : Buffer.from(pair.Value ?? "", "base64").toString("utf8");
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.server.call("PUT", `${this.path}/${name}`, value);
  }

  /** Session that holds the lock. */
  async lockSession(): Promise<string | undefined> {
    const [pair] = await this.pairs<{ Session?: string }>("lock");
    return pair?.Session;
  }

  /** Every key of the environment. */
  async keys(): Promise<readonly string[]> {
    return this.pairs<string>("", { keys: "" });
  }

  /** What is not there is nothing, and what cannot be read is an error. */
  private async pairs<T>(name: string, query: Readonly<Record<string, string>> = {}): Promise<readonly T[]> {
    return (await this.consul.get<T[]>(`${this.path}/${name}`, query)) ?? [];
  }

  private get path(): string {
    return `/v1/kv/skyline/${this.name}`;
  }

  /** Forgets everything but the workers. */
  async reset(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    this.gateways = [];
    await this.server.call("DELETE", "/v1/kv/skyline/?recurse");
    await this.workers({ alpha: 2, bravo: 2, charlie: 1, delta: 1 });
    for (const node of ["gateway-1", "gateway-2"]) {
      await this.server.call("PUT", "/v1/catalog/deregister", { Node: node });
    }
  }

  /** Gateways that serve what they are told to: `follow` is asked at each request. */
  async startGateways(...follow: readonly (() => Promise<Dial | undefined>)[]): Promise<void> {
    for (const [at, serves] of follow.entries()) {
      const gateway = await StubGateway.start(`127.${100 + (process.pid % 100)}.44.${at + 1}`, serves);
      this.gateways = [...this.gateways, gateway];
      await this.server.call("PUT", "/v1/catalog/register", {
        Node: `gateway-${at + 1}`,
        Address: gateway.address,
        Service: { ID: "skyline-gateway", Service: "skyline-gateway", Port: ports.gateway },
        Check: { CheckID: "gateway", Name: "http", Status: "passing", ServiceID: "skyline-gateway" },
      });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Answers what a gateway's NGINX answers of the dial. */
class StubGateway {
  static async start(address: string, serves: () => Promise<Dial | undefined>): Promise<StubGateway> {
    const server = createServer((_, response) => {
      serves().then(
        (dial) =>
          response.end(JSON.stringify({ generation: dial?.generation ?? 0, weights: dial?.weights ?? {} })),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(ports.health, address, resolve);
    });
    return new StubGateway(address, server);
  }

  private constructor(
    readonly address: string,
    private readonly server: Server,
  ) {}

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
