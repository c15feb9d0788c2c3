import { once } from "node:events";
import { type Socket, connect } from "node:net";
import type { Endpoint } from "./mesh-connection";

export interface FloodOptions {
  /** In turn, connection by connection. */
  readonly endpoints: readonly Endpoint[];
  readonly path: string;
  /** One request each, as `X-Request-Id`. */
  readonly ids: readonly string[];
  /** Further lines of a request's head, each with its end. */
  readonly lines?: (id: string) => string;
  /** Connections at once. @default 6 */
  readonly connections?: number;
  /** Requests that are sent at once on a connection, which is then closed. @default 250 */
  readonly pipelined?: number;
}

/**
 * Sends many requests with little work: all of a connection at once, and their answers are counted and not read. They must
 * be 204.
 *
 * @throws Error with the first answer that is another
 */
export async function flood(options: FloodOptions): Promise<void> {
  const { endpoints, ids, connections = 6, pipelined = 250 } = options;
  let next = 0;
  let opened = 0;
  const work = async () => {
    while (next < ids.length) {
      const some = ids.slice(next, (next += pipelined));
      await exchange(endpoints[opened++ % endpoints.length] as Endpoint, some, options);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
}

async function exchange(
  { address, port }: Endpoint,
  ids: readonly string[],
  { path, lines = () => "" }: FloodOptions,
): Promise<void> {
  const socket: Socket = connect({ host: address, port, noDelay: true });
  try {
    const done = answered(socket, ids.length);
    await Promise.race([once(socket, "connect"), done]);
    const requests = ids.map(
      (id) => `GET ${path} HTTP/1.1\r\nHost: flood\r\nX-Request-Id: ${id}\r\n${lines(id)}\r\n`,
    );
    socket.write(Buffer.from(requests.join(""), "latin1"));
    await done;
  } finally {
    socket.destroy();
  }
}

function answered(socket: Socket, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = "";
    let seen = 0;
    socket.setTimeout(60_000, () => reject(new Error(`${seen} of ${count} answers, and no more in 60 s`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${seen} of ${count} answers: ${rest}`)));
    socket.on("data", (data) => {
      const heads = (rest + data.toString("latin1")).split("\r\n\r\n");
      rest = heads.pop() ?? "";
      const other = heads.find((head) => !head.startsWith("HTTP/1.1 204"));
      if (other !== undefined) reject(new Error(`an answer is ${other}\n${rest}`));
      seen += heads.length;
      if (seen === count) resolve();
    });
  });
}
