import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { OperationFailure } from "../failure";
import { consulSettings, type ConsulSettings } from "./settings";

/** What Consul answered, whatever the status. */
export interface ConsulAnswer {
  readonly status: number;
  readonly body: string;
  /** Whether parts were left out that the token may not read. */
  readonly filtered: boolean;
}

export interface ConsulOptions {
  /** @default from the environment's variables, as Consul's own CLI */
  readonly settings?: ConsulSettings;
  /** Asks this datacentre alone: a Consul of another environment does not know it. @default the agent's own */
  readonly datacenter?: string;
  readonly signal?: AbortSignal;
  /** For one call. @default 10000 */
  readonly timeoutMs?: number;
}

/** Consul's HTTP API. Every answer is asked of the leader: a stale one may lack what was written a moment ago. */
export class Consul {
  private readonly settings: ConsulSettings;

  constructor(private readonly options: ConsulOptions = {}) {
    this.settings = options.settings ?? consulSettings();
  }

  /** The same without the signal: what frees a lock or puts back is to be done after an interrupt, too. */
  uninterrupted(): Consul {
    return new Consul({ ...this.options, settings: this.settings, signal: undefined });
  }

  /** @returns undefined when there is nothing (404) */
  async get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T | undefined> {
    const answer = await this.send("GET", path, query);
    if (answer.filtered) {
      // An answer that lacks something would pass for what there is.
      throw new OperationFailure(
        "denied",
        `GET ${path}: Consul leaves out what this token may not read`,
        TOKEN,
      );
    }
    return answer.status === 404 ? undefined : (JSON.parse(this.checked(answer, `GET ${path}`).body) as T);
  }

  /** Sends a JSON document. Statuses of `accepted` are given back and not thrown. */
  async put(path: string, document: unknown, accepted: readonly number[] = []): Promise<ConsulAnswer> {
    const answer = await this.send("PUT", path, {}, JSON.stringify(document));
    return accepted.includes(answer.status) ? answer : this.checked(answer, `PUT ${path}`);
  }

  private checked(answer: ConsulAnswer, what: string): ConsulAnswer {
    const { status, body } = answer;
    if (status === 200) {
      return answer;
    }
    const said = `${what}: Consul at ${this.settings.url.host} answered ${status}: ${oneLine(body)}`;
    if (status === 401 || status === 403 || /ACL not found|Permission denied/i.test(body)) {
      throw new OperationFailure("denied", said, TOKEN);
    }
    if (body.includes("No path to datacenter")) {
      const hint = `this Consul is of another environment than ${this.options.datacenter}: set CONSUL_HTTP_ADDR`;
      throw new OperationFailure("refused", said, hint);
    }
    // No leader, an agent that has lost the servers, a balancer without backends.
    throw new OperationFailure(status >= 500 || status === 429 ? "unreachable" : "refused", said);
  }

  private send(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<ConsulAnswer> {
    const { url, token, tls } = this.settings;
    const { datacenter, signal, timeoutMs = 10_000 } = this.options;
    const target = new URL(url);
    target.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
    target.search = new URLSearchParams({
      ...query,
      ...(datacenter === undefined ? {} : { dc: datacenter }),
      ...(method === "GET" ? { consistent: "" } : {}),
    }).toString();
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(this.failure(error, `${method} ${path}`));
      const sent = start(
        target,
        {
          ...(url.protocol === "https:" ? tls : {}),
          method,
          // A process of seconds: a pooled connection would only keep it from ending.
          agent: false,
          signal,
          headers: {
            ...(token === undefined ? {} : { "X-Consul-Token": token }),
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("error", failed);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              body: text,
              filtered: response.headers["x-consul-results-filtered-by-acls"] === "true",
            }),
          );
        },
      );
      const timer = setTimeout(
        () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      sent.on("close", () => clearTimeout(timer));
      sent.on("error", failed);
      sent.end(body);
    });
  }

  private failure(error: NodeJS.ErrnoException, what: string): OperationFailure {
    if (this.options.signal?.aborted === true) {
      return new OperationFailure("interrupted", `${what} was interrupted`);
    }
    // Connecting to a name with several addresses ends in an AggregateError, which has no message.
    const reason = error.message || error.code || error.name;
    return new OperationFailure(
      "unreachable",
      `${what}: Consul at ${this.settings.url.host} cannot be reached: ${reason}`,
      "set CONSUL_HTTP_ADDR, and CONSUL_CACERT for TLS, as for Consul's own CLI",
    );
  }
}

const TOKEN = "set CONSUL_HTTP_TOKEN to a token that may do this";

const oneLine = (text: string) =>
  text
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .slice(0, 500);
