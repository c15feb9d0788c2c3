import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { secretNames } from "../../environment/naming";
import { completed } from "../../operations/pki/complete";
import { consulSecrets } from "../../operations/pki/consul-secrets";
import type { Files } from "../../operations/pki/contents";
import { binaryOf, goTool } from "./go-tool";
import { ManagedProcess, waitUntil } from "./process";
import { REPOSITORY } from "./terraform-project";

/** Scripts of the images, run as they are. */
export const SCRIPTS = join(REPOSITORY, "images", "ansible", "roles", "gateway", "files");

/** What a node's agent is started with; what differs from the rendered configuration is said in {@link ConsulWorld.start}. */
export interface ConsulNode {
  /** Its own loopback address. */
  readonly address: string;
  /** What cloud-init would say. */
  readonly instance: string;
  readonly role: "consul" | "gateway" | "worker" | "mesos";
  /** As the constructs render it. */
  readonly configuration: string;
  readonly secret: Files;
}

/** A started agent. */
export interface ConsulAgent extends ConsulNode {
  readonly process: ManagedProcess;
  /** Environment of the image's scripts on this node. */
  readonly env: NodeJS.ProcessEnv;
}

type Json = Record<string, unknown>;

/**
 * Consul agents as the images start them, each on a loopback address of its own, with the secrets that `skyline pki init`
 * makes. Different from a node's: paths, the addresses, and that servers are joined by address instead of by tag.
 */
export class ConsulWorld {
  static async create(environment: string, servers: readonly string[]): Promise<ConsulWorld> {
    const secrets = new Map<string, Files>();
    for (const secret of consulSecrets(environment).secrets) {
      secrets.set(secret.name, await completed(secret, {}, secrets, new Date()));
    }
    const root = mkdtempSync(join(tmpdir(), "skyline-consul-"));
    return new ConsulWorld(environment, servers, secrets, root, binaryOf(await goTool("consul")));
  }

  private readonly agents: ConsulAgent[] = [];

  private constructor(
    readonly environment: string,
    private readonly servers: readonly string[],
    private readonly secrets: ReadonlyMap<string, Files>,
    readonly root: string,
    readonly binary: string,
  ) {}

  secret(name: keyof typeof CONSUL_SECRETS): Files {
    return this.secrets.get(CONSUL_SECRETS[name](this.environment)) as Files;
  }

  get managementToken(): string {
    return this.secret("servers")["management.token"] ?? "";
  }

  /** Writes what user data and the units before would have written, runs consul-configure, starts the agent. */
  async start(node: ConsulNode): Promise<ConsulAgent> {
    const home = join(this.root, node.instance);
    const directory = join(home, "consul.d");
    const pki = join(directory, "pki");
    mkdirSync(pki, { recursive: true });
    mkdirSync(join(home, "data"), { recursive: true });
    for (const [name, text] of Object.entries(node.secret)) {
      writeFileSync(join(pki, name), text);
      chmodSync(join(pki, name), 0o600);
    }
    const text = node.configuration
      .replaceAll("/etc/consul.d/pki", pki)
      .replaceAll("http://127.0.0.1:", `http://${node.address}:`);
    const rendered = JSON.parse(text) as Json;
    const configuration = {
      ...rendered,
      data_dir: join(home, "data"),
      bind_addr: node.address,
      client_addr: node.address,
      retry_join: this.servers.filter((server) => server !== node.address),
    };
    writeFileSync(join(directory, "skyline.json"), JSON.stringify(configuration));
    writeFileSync(join(home, "instance-id"), `${node.instance}\n`);
    const env = {
      ...process.env,
      PATH: `${join(this.binary, "..")}:${process.env.PATH}`,
      CONSUL_DIRECTORY: directory,
      CONSUL_TEMPLATE_TOKEN: join(home, "consul-template.token"),
      CONSUL_HTTP_ADDR: `http://${node.address}:8500`,
      CONSUL_TEMPLATE_GROUP: "root",
      INSTANCE_ID_FILE: join(home, "instance-id"),
      SKYLINE_ROLE: node.role,
      SKYLINE_ENVIRONMENT: this.environment,
    };
    await run(join(SCRIPTS, "consul-configure"), [], env);
    await run(this.binary, ["validate", directory], env);
    const started = await ManagedProcess.start({
      name: `consul on ${node.instance}`,
      command: this.binary,
      args: ["agent", `-config-dir=${directory}`],
      logFile: join(home, "consul.log"),
    });
    const agent = { ...node, process: started, env };
    this.agents.push(agent);
    return agent;
  }

  /** A script of the images on a node. */
  script(agent: ConsulAgent, name: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    return run(join(SCRIPTS, name), [], { ...agent.env, ...env });
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map(({ process }) => process.stop()));
    await rm(this.root, { recursive: true, force: true });
  }
}

const CONSUL_SECRETS = {
  servers: secretNames.consulServers,
  gateways: secretNames.consulGateways,
  workers: secretNames.consulWorkers,
  mesos: secretNames.consulMesos,
  operators: secretNames.consulOperators,
};

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], { env });
  return stdout;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request to an agent's API. */
export async function consul(
  agent: Pick<ConsulNode, "address">,
  method: "GET" | "PUT" | "DELETE",
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Answer> {
  const response = await fetch(`http://${agent.address}:8500${path}`, {
    method,
    headers: token === undefined ? {} : { "X-Consul-Token": token },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

/** The answer's value; rejects when it is an error. */
export async function read<T>(agent: Pick<ConsulNode, "address">, path: string, token: string): Promise<T> {
  const { status, text } = await consul(agent, "GET", path, { token });
  if (status !== 200) {
    throw new Error(`GET ${path}: ${status} ${text}`);
  }
  return JSON.parse(text) as T;
}

/** Waits until an agent's log has such a line. */
export const logged = (agent: ConsulAgent, pattern: RegExp) =>
  waitUntil(`${agent.instance} says ${pattern}`, async () => {
    if (!pattern.test(agent.process.lastLines(10_000))) {
      throw new Error(agent.process.lastLines(5));
    }
  });
