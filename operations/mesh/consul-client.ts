import { http, json } from "./http";

/** A service as it registers with the agent of its node. */
export interface AgentRegistration {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** URL that is asked each second. Default: no check, which counts as healthy. */
  readonly check?: string;
}

/** A service put straight into the catalogue, on a node that need not exist: nobody checks it. */
export interface CatalogRegistration {
  readonly node: string;
  readonly address: string;
  readonly service: {
    readonly Service: string;
    readonly ID?: string;
    readonly Address?: string;
    readonly Port?: number;
    readonly Tags?: readonly string[];
    readonly Meta?: Readonly<Record<string, string>>;
  };
  readonly check?: { readonly Name: string; readonly Status: "passing" | "warning" | "critical" };
}

/** An instance as the catalogue has it. */
export interface CatalogInstance {
  readonly node: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly healthy: boolean;
}

/** What a transaction of Consul may hold at most. */
const TRANSACTION = 64;

/** The HTTP API of one agent, as far as a mesh uses it. */
export class ConsulClient {
  /** @param url `http://127.10.0.1:8500` */
  constructor(readonly url: string) {}

  /** An answer of the API. @throws Error with Consul's words when it is an error */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const answer = await http(`${this.url}${path}`, { method, body: text });
    if (answer.status !== 200) {
      throw new Error(`${method} ${path}: Consul answered ${answer.status} ${answer.body.trim()}`);
    }
    return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  }

  /** Writes a key: text as it is, all else as JSON. */
  async put(key: string, value: unknown): Promise<void> {
    await this.call("PUT", `/v1/kv/${pathOf(key)}`, value);
  }

  /** Raw text of a key, or undefined. */
  async get(key: string): Promise<string | undefined> {
    const { status, body } = await http(`${this.url}/v1/kv/${pathOf(key)}?raw`);
    if (status !== 200 && status !== 404) {
      throw new Error(`GET ${key}: Consul answered ${status} ${body.trim()}`);
    }
    return status === 404 ? undefined : body;
  }

  /** Deletes a key, or with `tree` everything that begins with it. */
  async delete(key: string, tree = false): Promise<void> {
    await this.call("DELETE", `/v1/kv/${pathOf(key)}${tree ? "?recurse" : ""}`);
  }

  /** Keys that begin so, with their texts. */
  async list(prefix: string): Promise<Map<string, string>> {
    const { status, body } = await http(`${this.url}/v1/kv/${pathOf(prefix)}?recurse`);
    if (status === 404) return new Map();
    if (status !== 200) throw new Error(`GET ${prefix}: Consul answered ${status} ${body.trim()}`);
    const entries = JSON.parse(body) as { Key: string; Value: string | null }[];
    return new Map(
      entries.map(({ Key, Value }) => [Key, Buffer.from(Value ?? "", "base64").toString("utf8")]),
    );
  }

  /** Registers with this agent. A check starts as passing: who registers has seen that the service answers. */
  async register(service: AgentRegistration): Promise<void> {
    await this.call("PUT", "/v1/agent/service/register", {
      ID: service.id,
      Name: service.name,
      Address: service.address,
      Port: service.port,
      Tags: service.tags ?? ["skyline"],
      Meta: service.meta ?? {},
      ...(service.check === undefined
        ? {}
        : { Check: { HTTP: service.check, Interval: "1s", Timeout: "1s", Status: "passing" } }),
    });
  }

  async deregister(id: string): Promise<void> {
    await this.call("PUT", `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
  }

  /** Puts services into the catalogue, 32 in a transaction: a thousand take less than a second. */
  async registerMany(registrations: readonly CatalogRegistration[]): Promise<void> {
    const operations = registrations.flatMap(({ node, address, service, check }) => [
      { Node: { Verb: "set", Node: { Node: node, Address: address } } },
      { Service: { Verb: "set", Node: node, Service: { ...service, ID: service.ID ?? service.Service } } },
      ...(check === undefined
        ? []
        : [
            {
              Check: {
                Verb: "set",
                Check: {
                  ...check,
                  Node: node,
                  CheckID: `${service.ID ?? service.Service}-check`,
                  ServiceID: service.ID ?? service.Service,
                  ServiceName: service.Service,
                },
              },
            },
          ]),
    ]);
    // Chunks do not cut a registration in two: a service's node is there before it, in the same transaction or an earlier.
    for (let at = 0; at < operations.length; at += TRANSACTION) {
      await this.call("PUT", "/v1/txn", operations.slice(at, at + TRANSACTION));
    }
  }

  /** Takes a service of {@link registerMany}, or a whole node of them, out of the catalogue. */
  async deregisterFrom(node: string, serviceId?: string): Promise<void> {
    await this.call("PUT", "/v1/catalog/deregister", {
      Node: node,
      ...(serviceId === undefined ? {} : { ServiceID: serviceId }),
    });
  }

  /** Names in the catalogue, each with its tags. */
  services(): Promise<Record<string, string[]>> {
    return json(`${this.url}/v1/catalog/services`);
  }

  /** Instances of a service, healthy or not. */
  async instances(name: string, tag?: string): Promise<CatalogInstance[]> {
    const entries = await json<HealthEntry[]>(
      `${this.url}/v1/health/service/${encodeURIComponent(name)}${tag === undefined ? "" : `?tag=${tag}`}`,
    );
    return entries.map(({ Node, Service, Checks }) => ({
      node: Node.Node,
      id: Service.ID,
      address: Service.Address === "" ? Node.Address : Service.Address,
      port: Service.Port,
      meta: Service.Meta ?? {},
      healthy: Checks.every(({ Status }) => Status === "passing"),
    }));
  }

  /** Address of the leader, or an empty string. */
  leader(): Promise<string> {
    return json(`${this.url}/v1/status/leader`);
  }
}

interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Record<string, string> | null;
  };
  readonly Checks: readonly { readonly Status: string }[];
}

const pathOf = (key: string) => key.split("/").map(encodeURIComponent).join("/");
