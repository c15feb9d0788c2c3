import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../operations/ports";
import { binaryOf, goTool } from "./go-tool";
import { ManagedProcess } from "./process";

/** One Consul server on loopback, whose ACL denies whoever has no token. */
export class ConsulServer {
  static async start(datacenter: string): Promise<ConsulServer> {
    const directory = await mkdtemp(join(tmpdir(), "skyline-consul-server-"));
    const [http, server, gossip] = [await freePort(), await freePort(), await freePort()];
    const file = join(directory, "consul.json");
    const token = "5f1c0e5e-0000-4000-8000-000000000001";
    const settings = {
      ...{
        server: true,
        bootstrap_expect: 1,
        datacenter,
        node_name: "consul",
        data_dir: join(directory, "data"),
      },
      ...{ bind_addr: "127.0.0.1", client_addr: "127.0.0.1", log_level: "info", leave_on_terminate: false },
      ports: { http, server, serf_lan: gossip, serf_wan: -1, dns: -1, grpc: -1, grpc_tls: -1 },
      acl: { enabled: true, default_policy: "deny", tokens: { initial_management: token } },
      performance: { raft_multiplier: 1 },
    };
    await writeFile(file, JSON.stringify(settings));
    const process = await ManagedProcess.start({
      name: "consul",
      command: binaryOf(await goTool("consul")),
      args: ["agent", `-config-file=${file}`],
      logFile: join(directory, "consul.log"),
    });
    const consul = new ConsulServer(`127.0.0.1:${http}`, token, datacenter, process, directory);
    try {
      // A leader that has made the token, too.
      await process.ready(() => consul.call("PUT", "/v1/kv/ready", "yes"));
      await consul.call("DELETE", "/v1/kv/ready");
    } catch (error) {
      await consul.stop();
      throw error;
    }
    return consul;
  }

  private constructor(
    /** `127.0.0.1:port` of the HTTP API. */
    readonly address: string,
    /** May do everything. */
    readonly token: string,
    private readonly datacenter: string,
    private readonly process: ManagedProcess,
    private readonly directory: string,
  ) {}

  /** What Consul's own CLI would be given. */
  get env() {
    return { CONSUL_HTTP_ADDR: this.address, CONSUL_HTTP_TOKEN: this.token };
  }

  /** A call of the API; rejects when it is refused. @param body text as it is, all else as JSON */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = { "X-Consul-Token": this.token };
      const sent = request(`http://${this.address}${path}`, { method, headers, agent: false }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
        response.on("end", () => {
          if (response.statusCode === 200) resolve((answer === "" ? undefined : JSON.parse(answer)) as T);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
        });
      });
      sent.on("error", reject);
      sent.end(text);
    });
  }

  /** A new token with these rules. */
  async tokenOf(rules: string): Promise<string> {
    const name = `test-${randomUUID()}`;
    await this.call("PUT", "/v1/acl/policy", { Name: name, Rules: rules });
    const token = { Policies: [{ Name: name }] };
    return (await this.call<{ SecretID: string }>("PUT", "/v1/acl/token", token)).SecretID;
  }

  /** Puts an instance into the catalogue, on a node of its own that runs nothing. */
  async register(
    name: string,
    address: string,
    status: "passing" | "critical",
    tags = ["skyline"],
  ): Promise<void> {
    await this.call("PUT", "/v1/catalog/register", {
      Datacenter: this.datacenter,
      Node: `node-${address}`,
      Address: address,
      Service: { ID: `${name}-1`, Service: name, Address: address, Port: 31000, Tags: tags },
      Check: { CheckID: `${name}-1`, Name: "http", Status: status, ServiceID: `${name}-1` },
    });
  }

  async deregister(name: string, address: string): Promise<void> {
    await this.call("PUT", "/v1/catalog/deregister", {
      Datacenter: this.datacenter,
      Node: `node-${address}`,
      ServiceID: `${name}-1`,
    });
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
