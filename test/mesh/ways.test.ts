import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { MeshWorld } from "../../operations/mesh/world";
import {
  type Entrance,
  atGateway,
  atMesosNode,
  inCluster,
  nginxes,
  startMesh,
} from "../support/mesh-callers";
import { KeptConnection } from "../support/mesh-connection";
import { nginxProcesses, peakWhile } from "../support/mesh-processes";
import { RawConnection, WebSocketClient } from "../support/mesh-raw";

jest.setTimeout(120_000);

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh());
  // On another node than its callers.
  await mesh.startService({ name: "organization", on: { mesos: 1 } });
  await mesh.startService({ name: "media", on: { cluster: "alpha" } });
  await mesh.cluster("alpha").standIn("organization");
  await mesh.settled();
});
afterAll(() => stop?.());

const ways: readonly [string, string, () => Entrance][] = [
  ["Mesos to Mesos", "mesos", () => atMesosNode(mesh, 0, "organization")],
  ["Mesos to Kubernetes", "alpha", () => atMesosNode(mesh, 0, "media")],
  ["Kubernetes to Mesos", "mesos", () => inCluster(mesh, "alpha", "organization")],
  ["outside to Mesos", "mesos", () => atGateway(mesh, 0, "organization")],
  ["outside to Kubernetes", "alpha", () => atGateway(mesh, 1, "media")],
];

const MEGABYTE = 1024 * 1024;
const LARGE = 100 * MEGABYTE;
// A worker holds a few buffers of each connection; 100 MB in memory would be plain to see.
const BOUND = 12 * MEGABYTE;

describe.each(ways)("%s", (_, where, entrance) => {
  const url = (path: string) => {
    const { endpoint, path: at } = entrance();
    return {
      host: endpoint.address,
      port: endpoint.port,
      path: at(path),
      headers: { host: entrance().host },
    };
  };

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s", async (method) => {
    const body = ["POST", "PUT", "PATCH"].includes(method) ? "a body" : "";
    const { status, text } = await exchange({ ...url("/a%20path/?x=%2f&y=a+b"), method }, body);
    expect(status).toBe(200);
    if (method === "HEAD") return;
    expect(JSON.parse(text)).toMatchObject({
      ...{
        where: expect.stringMatching(`^${where}(-\\d)?$`),
        method,
        path: "/a%20path/?x=%2f&y=a+b",
        bytes: body.length,
      },
    });
  });

  test("many requests of one connection are answered in their order", async () => {
    const { endpoint, host, path } = entrance();
    const connection = await KeptConnection.open(endpoint, 5_000);
    for (let number = 0; number < 50; number++) {
      const text = `GET ${path(`/${number}`)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const { body } = await connection.send(Buffer.from(text), 5_000);
      expect(JSON.parse(body.toString())).toMatchObject({ path: `/${number}` });
    }
    connection.close();
  });

  test.each([
    ["with its length", { "content-length": String(LARGE) }],
    ["in chunks", { "transfer-encoding": "chunked" }],
  ])("a body of 100 MB %s, which no NGINX keeps in memory or in a file", async (_case, headers) => {
    const options = { ...url("/upload"), method: "POST", headers: { host: entrance().host, ...headers } };
    const { status, text } = await streamed(exchange(options, LARGE));
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ bytes: LARGE })]);
  });

  test("an answer of 100 MB, which no NGINX keeps in memory or in a file", async () => {
    const { status, bytes } = await streamed(
      exchange({ ...url(`/large?bytes=${LARGE}`), method: "GET" }, ""),
    );
    expect([status, bytes]).toEqual([200, LARGE]);
  });

  test("a WebSocket", async () => {
    const { endpoint, host, path } = entrance();
    const socket = await WebSocketClient.open(endpoint, path("/ws"), host);
    for (const message of ["one", "two", "ä".repeat(50)]) expect(await socket.echo(message)).toBe(message);
    socket.close();
  });

  test("server-sent events come one by one, not when the answer is over", async () => {
    const { endpoint, host, path } = entrance();
    const raw = await RawConnection.open(endpoint);
    raw.write(`GET ${path("/sse")} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
    const events = () => raw.text.match(/^data: /gm)?.length ?? 0;
    await raw.until("an event came", () => events() > 0);
    expect(events()).toBeLessThan(3);
    await raw.until("three came", () => events() >= 3);
    expect(raw.ended).toBe(false);
    raw.close();
  });
});

const masters = () => nginxes(mesh).map(({ pid }) => pid);

/** While this happens, the NGINX of each node stays small, and writes nothing but its log. */
async function streamed<T>(work: Promise<T>): Promise<T> {
  const before = masters().map(nginxProcesses);
  const { result, memory } = await peakWhile(masters(), work);
  const written = masters().map((pid, at) => nginxProcesses(pid).written - before[at]!.written);
  expect(memory - Math.max(...before.map((node) => node.memory))).toBeLessThan(BOUND);
  expect(Math.max(...written)).toBeLessThan(MEGABYTE);
  return result;
}

interface Exchanged {
  readonly status: number | undefined;
  readonly bytes: number;
  /** The first of them. */
  readonly text: string;
}

const chunk = Buffer.alloc(MEGABYTE / 4, "x");

/** One request on a connection of its own, with a body or so many bytes, which are not kept here either. */
async function exchange(options: object, body: string | number): Promise<Exchanged> {
  const sent = request({ ...options, agent: false });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  if (typeof body === "string") sent.end(body);
  else {
    for (let left = body; left > 0; left -= chunk.length) {
      if (!sent.write(chunk)) await Promise.race([once(sent, "drain"), answered]);
    }
    sent.end();
  }
  const [response] = await answered;
  let bytes = 0;
  let text = "";
  for await (const some of response as AsyncIterable<Buffer>) {
    bytes += some.length;
    if (text.length < 10_000) text += some.toString();
  }
  return { status: response.statusCode, bytes, text };
}
