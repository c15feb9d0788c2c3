import { execFile } from "node:child_process";
import { Agent, request } from "node:https";
import { promisify } from "node:util";
import { isolated } from "../../operations/isolated";
import type { Credentials } from "./boot-aws";

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

export interface ApiRequest {
  readonly method?: string;
  readonly body?: object;
  /** Without one, nobody's. */
  readonly token?: string;
  /** Kept open between requests; without one, each request has a connection of its own. */
  readonly agent?: Agent;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

/** The API of a cluster by its balancer, whose certificate is verified for the API's name. */
export class ApiClient {
  constructor(
    /** Unix socket that leads to the balancer. */
    private readonly door: string,
    private readonly host: string,
    /** PEM of the cluster's authority. */
    readonly ca: string,
  ) {}

  send(
    path: string,
    { method = "GET", body, token, agent, timeoutMs = 30_000 }: ApiRequest = {},
  ): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const headers = {
        host: this.host,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      const to = { socketPath: this.door, host: this.host, servername: this.host, ca: this.ca };
      const sent = request({ ...to, path, method, headers, agent: agent ?? false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (more: string) => (text += more));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      const late = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      sent.on("close", () => clearTimeout(late));
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** A request that must succeed: its answer as an object. */
  async read<T>(path: string, options: ApiRequest = {}): Promise<T> {
    const { status, body } = await this.send(path, options);
    if (status < 200 || status > 299)
      throw new Error(`${options.method ?? "GET"} ${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }
}

/** A token as kubectl gets it: `aws eks get-token`, which signs and calls nobody. */
export async function eksToken(cluster: string, region: string, credentials: Credentials): Promise<string> {
  const env = isolated({
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: credentials.key,
    AWS_SECRET_ACCESS_KEY: credentials.secret,
    AWS_SESSION_TOKEN: credentials.token,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  });
  const args = ["eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"];
  const { stdout } = await promisify(execFile)("aws", args, { env });
  return (JSON.parse(stdout) as { status: { token: string } }).status.token;
}
