import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Backend } from "../support/hops-backend";
import { send, sendBytes } from "../support/hops-client";
import { Hops } from "../support/hops";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

let hops: Hops;
let mesos: Backend;
let kubernetes: Backend;

beforeAll(async () => {
  hops = await Hops.start((net) => ({
    services: { foo: [[net.mesosNode(0), 31001, "a"]] },
    clusters: { alpha: [[net.worker(0, 0), 5041]] },
    weights: { alpha: 100 },
  }));
  mesos = await Backend.start("foo", hops.net.mesosNode(0), 31001);
  kubernetes = await Backend.start("giphy", hops.service("giphy", 0), 8080);
});

afterAll(async () => {
  await Promise.all([mesos?.kill(), kubernetes?.kill()]);
  await hops?.stop();
});

beforeEach(() => [mesos, kubernetes].forEach((backend) => backend.forget()));

const ways = ["foo", "giphy"];
const backendOf = (name: string) => (name === "foo" ? mesos : kubernetes);

async function received(name: string, headers: Readonly<Record<string, string>> = {}) {
  const { status } = await send(`${hops.local()}/service/${name}/x`, { headers });
  expect(status).toBe(200);
  return backendOf(name).requests.at(-1)!.headers;
}

describe.each(ways)("on the way to %s", (name) => {
  test("what says where a request comes from is dropped", async () => {
    const spoofed = [
      ...["X-Skyline-Hop", "X-Skyline-Inbound", "X-Skyline-Route", "X-Skyline-Cluster", "X-Skyline-Service"],
      ...[
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
      ],
      ...["X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "Forwarded", "X-Real-IP", "Proxy"],
      ...["X-Original-URL", "X-Rewrite-URL"],
    ];
    const headers = await received(name, {
      ...Object.fromEntries(spoofed.map((of) => [of, "spoofed"])),
      "X-Own": "1",
    });
    expect(Object.keys(headers).sort()).toEqual(
      [
        ...["connection", "host", "traceparent", "x-own", "x-request-id", "x-skyline-hop"],
        ...(name === "giphy" ? ["x-skyline-inbound"] : []),
      ].filter((of) => of !== "connection" || headers.connection !== undefined),
    );
    expect(Object.values(headers)).not.toContain("spoofed");
  });

  test("the hops are counted from the local proxy on, whatever a client says", async () => {
    const hop = name === "foo" ? "2" : "3";
    expect((await received(name))["x-skyline-hop"]).toBe(hop);
    expect((await received(name, { "X-Skyline-Hop": "4" }))["x-skyline-hop"]).toBe(hop);
  });

  test("a request has one id over all hops", async () => {
    expect((await received(name, { "X-Request-Id": "own-id.1" }))["x-request-id"]).toBe("own-id.1");
    const made = (await received(name, { "X-Request-Id": 'a"b' }))["x-request-id"];
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    expect(await hops.trace(String(made), name === "foo" ? 2 : 3)).toHaveLength(name === "foo" ? 2 : 3);
  });

  test("its trace goes on, or begins", async () => {
    const own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect((await received(name, { traceparent: own, tracestate: "a=b" })).traceparent).toBe(own);
    for (const wrong of [
      "",
      "00-x",
      own.toUpperCase(),
      `${own}-x`,
      `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    ]) {
      const { traceparent, "x-request-id": id } = await received(
        name,
        wrong === "" ? {} : { traceparent: wrong },
      );
      expect(traceparent).toBe(`00-${String(id)}-0000000000000001-01`);
    }
  });

  test("Expect: 100-continue is answered, and the body goes on", async () => {
    const head = `POST /service/${name}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
    const answer = await sendBytes(hops.local(), `${head}abc`);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
    expect(backendOf(name).requests).toMatchObject([{ bytes: 3 }]);
  });

  test("WebSocket passes, and no other upgrade", async () => {
    const backend = backendOf(name);
    backend.server.on("upgrade", (request, socket) => {
      const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash("sha1").update(key).digest("base64");
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
      socket.write(head);
      socket.on("error", () => undefined);
      socket.on("data", (data: Buffer) => socket.end(`echo ${data.toString()}`));
    });
    try {
      const { hostname, port } = new URL(hops.local());
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.write(
        `GET /service/${name}/ws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      await waitUntil("the protocol is switched", async () => expect(text).toMatch(/^HTTP\/1\.1 101/));
      socket.write("hello");
      await waitUntil("the echo comes", async () => expect(text).toMatch(/echo hello$/));
      socket.destroy();
      const headers = { Upgrade: "h2c", Connection: "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk" };
      expect((await received(name, headers)).upgrade).toBeUndefined();
    } finally {
      backend.server.removeAllListeners("upgrade");
    }
  });

  test("an event comes before the next is sent", async () => {
    const backend = backendOf(name);
    let more: (() => void) | undefined;
    backend.handler = (_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
      more = () => response.end("data: 2\n\n");
    };
    const { hostname, port } = new URL(hops.local());
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.write(`GET /service/${name}/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await waitUntil("the first comes", async () => expect(text).toContain("data: 1"));
    expect(text).not.toContain("data: 2");
    more?.();
    await waitUntil("the second comes", async () => expect(text).toContain("data: 2"));
    backend.handler = undefined;
  });
});

test("a request with four hops is cut, and so is one that no hop wrote", async () => {
  for (const base of [hops.gateway(), hops.inbound(), hops.bridgeInbound()]) {
    for (const hop of ["4", "5", "x", "1,1"]) {
      const { status } = await send(`${base}/service/foo/x`, { headers: { "X-Skyline-Hop": hop } });
      expect(status).toBe(508);
    }
  }
  expect(mesos.requests).toEqual([]);
});
