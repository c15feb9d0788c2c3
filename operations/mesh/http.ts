import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** @default 10000 */
  readonly timeoutMs?: number;
}

/**
 * One request on a connection of its own: fetch would pool connections, and take an error status for an answer as this
 * does, but wait for five minutes.
 */
export function http(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { method = "GET", headers = {}, body, timeoutMs = 10_000 } = options;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error) =>
      reject(
        new Error(`${method} ${url}: ${signal.aborted ? `no answer in ${timeoutMs} ms` : error.message}`),
      );
    const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    const { hostname: host, port } = new URL(url);
    // As it is written: URL would resolve dots and the like, which is for who is asked to refuse.
    const written = /^[a-z]+:\/\/[^/?#]*([^#]*)/.exec(url)?.[1] ?? "";
    const path = written.startsWith("/") ? written : `/${written}`;
    const asked = { host, port, path, method, headers: { ...length, ...headers }, agent: false, signal };
    const sent = httpRequest(asked, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** The answer's JSON. @throws Error when the status is not 200 */
export async function json<T>(url: string, options?: HttpOptions): Promise<T> {
  const { status, body } = await http(url, options);
  if (status !== 200) {
    throw new Error(`${options?.method ?? "GET"} ${url}: ${status} ${body.trim().slice(0, 500)}`);
  }
  return JSON.parse(body) as T;
}

/** Whether it answers 200. */
export const answers = async (url: string): Promise<boolean> =>
  (await http(url, { timeoutMs: 2000 })).status === 200;
