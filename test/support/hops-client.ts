import { request, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";

export interface HopsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface HopsRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A request on a connection of its own. Rejects when the connection breaks. */
export function send(url: string, { method = "GET", headers, body }: HopsRequest = {}): Promise<HopsAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes, one a character, and gives all that comes back until the other side ends. */
export function sendBytes(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), timeout: 20_000 });
    socket.on("data", (part) => parts.push(part));
    socket.on("timeout", () => socket.destroy(new Error(`no answer to ${JSON.stringify(bytes)}`)));
    // An answer that came before the other side reset the connection is one.
    socket.on("error", (error) =>
      parts.length > 0 ? resolve(Buffer.concat(parts).toString("latin1")) : reject(error),
    );
    socket.on("close", () => resolve(Buffer.concat(parts).toString("latin1")));
    socket.write(Buffer.from(bytes, "latin1"));
  });
}

/** The status of a request by its target, byte for byte; 200 for an answer without one, of HTTP/0.9. */
export async function statusOf(base: string, target: string, rest = DEFAULT_REST): Promise<number> {
  const answer = await sendBytes(base, `GET ${target} HTTP/1.1\r\n${rest}`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 200);
}

const DEFAULT_REST = "Host: localhost\r\nConnection: close\r\n\r\n";
