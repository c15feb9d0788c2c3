import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ports } from "../../environment/naming";
import { Backend } from "../support/hops-backend";
import { send, sendBytes } from "../support/hops-client";
import { Hops } from "../support/hops";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

/** Names that docs/mesh.md promises to be dropped: words in backticks of that item, with their braces expanded. */
const DROPPED = (() => {
  const text = readFileSync(join(__dirname, "../../docs/mesh.md"), "utf8");
  const items = text.split(/\n(?:- |\n)/).filter((item) => /of clients are dropped\s+at each hop/.test(item));
  const [item = ""] = items;
  return [...item.matchAll(/`([^`]+)`/g)].flatMap(([, word = ""]) => {
    const [, before = "", some, after = ""] = /^(.*)\{(.*)\}(.*)$/.exec(word) ?? [];
    return some === undefined ? [word] : some.split(",").map((part) => `${before}${part}${after}`);
  });
})();

let hops: Hops;
let mesos: Backend;
let kubernetes: Backend;

beforeAll(async () => {
  hops = await Hops.start((net) => ({
    services: {
      foo: [[net.mesosNode(0), 31001, "a"]],
      // On a node whose destination proxy is the test's: it sees what choosers pass on.
      between: [[net.mesosNode(5), 31001, "b"]],
    },
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

/** Names, as the client writes them, whose values are seen behind a hop. */
async function passed(url: string, to: Backend, without: readonly string[], host?: string) {
  to.forget();
  const names = DROPPED.filter((name) => !without.includes(name));
  const headers = Object.fromEntries(names.map((name) => [name, "spoofed"]));
  const { status } = await send(url, {
    headers: { ...headers, "X-Own": "own", ...(host === undefined ? {} : { Host: host }) },
  });
  expect(status).toBe(200);
  const seen = to.requests.at(-1)?.headers ?? {};
  expect(seen["x-own"]).toBe("own");
  return names.filter((name) => seen[name.toLowerCase()]?.includes("spoofed"));
}
// Behind the first hop, one that no hop wrote is cut.
const hop = ["X-Skyline-Hop"];

describe("what says where a request comes from is dropped", () => {
  let destination: Backend;
  let gateway: Backend;
  beforeAll(async () => {
    const { net } = hops;
    destination = await Backend.start("destination", net.mesosNode(5), ports.inbound);
    gateway = await Backend.start("gateway", net.gateway(5), ports.gateway);
  });
  afterAll(() => Promise.all([destination, gateway].map((backend) => backend?.kill())));

  test("the promise names what it should", () => {
    const least = ["X-Skyline-Hop", "X-Skyline-Inbound", "Forwarded", "X-Real-IP", "X-Forwarded-For"];
    expect(DROPPED).toEqual(
      expect.arrayContaining([...least, "X-Forwarded-User", "X-Forwarded-Client-Cert"]),
    );
    expect(DROPPED.filter((name) => !/^[A-Z][A-Za-z-]+$/.test(name))).toEqual([]);
  });

  test("by a local proxy, on the way to a node and to the gateways", async () => {
    expect(await passed(`${hops.local()}/service/between/x`, destination, [])).toEqual([]);
    hops.leadGatewaysTo(hops.net.gateway(5));
    try {
      await waitUntil("the name leads to the test's gateway", async () => {
        gateway.forget();
        await send(`${hops.local()}/service/elsewhere/x`);
        await send(`${hops.bridgeOutbound()}/x`, { headers: { Host: "elsewhere" } });
        expect(gateway.requests).toHaveLength(2);
      });
      expect(await passed(`${hops.local()}/service/elsewhere/x`, gateway, [])).toEqual([]);
      // X-Skyline-Inbound is what bridges tell it by that a request goes round in a circle.
      expect(await passed(`${hops.bridgeOutbound()}/x`, gateway, hop, "elsewhere")).toEqual([]);
    } finally {
      hops.leadGatewaysTo(hops.net.gateway(0));
      await waitUntil("the name leads to the gateway again", async () => {
        [mesos, kubernetes].forEach((backend) => backend.forget());
        await send(`${hops.local()}/service/giphy/x`);
        await send(`${hops.bridgeOutbound()}/x`, { headers: { Host: "foo" } });
        expect([kubernetes.requests.length, mesos.requests.length]).toEqual([1, 1]);
      });
    }
  });

  test("by a gateway, on the way to a node", async () => {
    expect(await passed(`${hops.gateway()}/service/between/x`, destination, hop)).toEqual([]);
  });

  test("by a destination proxy and by a bridge", async () => {
    expect(await passed(`${hops.inbound()}/service/foo/x`, mesos, hop)).toEqual([]);
    expect(await passed(`${hops.bridgeInbound()}/service/giphy/x`, kubernetes, hop)).toEqual([]);
  });
});

describe.each(ways)("on the way to %s", (name) => {
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

test("what says where a request comes from is dropped by a gateway, on the way to a worker", async () => {
  // The test takes the worker's place.
  await hops.process("bridge").stop();
  const worker = await Backend.start("worker", hops.net.worker(0, 0), ports.inbound);
  try {
    expect(await passed(`${hops.gateway()}/service/giphy/x`, worker, hop)).toEqual([]);
  } finally {
    await worker.kill();
  }
});
