import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Backend } from "../support/hops-backend";
import { send, sendBytes } from "../support/hops-client";
import { Hops } from "../support/hops";
import { waitUntil } from "../support/process";

jest.setTimeout(60_000);

let hops: Hops;
let pod: Backend;
/** In Mesos. */
let own: Backend;

beforeAll(async () => {
  hops = await Hops.start((net) => ({
    services: { own: [[net.mesosNode(0), 31004, "n0"]] },
    clusters: { alpha: [[net.worker(0, 0), 5041]] },
    weights: { alpha: 100 },
  }));
  own = await Backend.start("own", hops.net.mesosNode(0), 31004);
  pod = await Backend.start("pod", hops.service("pod", 0), 8080);
});

afterAll(async () => {
  await Promise.all([own?.kill(), pod?.kill()]);
  await hops?.stop();
});

beforeEach(() => {
  for (const backend of [own, pod]) {
    backend.forget();
    backend.handler = undefined;
  }
});

describe("slow and broken ends", () => {
  const raw = (base: string) => {
    const { hostname, port } = new URL(base);
    return connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  };

  test("a body that comes byte by byte arrives whole", async () => {
    const socket = raw(hops.local());
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.write(
      "POST /service/pod/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20\r\n\r\n",
    );
    for (let at = 0; at < 20; at++) {
      socket.write("x");
      await sleep(20);
    }
    await waitUntil("the answer comes", async () => expect(text).toMatch(/"bytes":20/));
    socket.destroy();
  });

  // NGINX cannot tell it from one that has gone.
  test("a client that ends its half is taken for gone, by all hops at once", async () => {
    let closed = false;
    pod.handler = (request) => void request.socket.on("close", () => (closed = true));
    const socket = raw(hops.local());
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    const ended = once(socket, "end");
    const id = "half-closed";
    socket.write(`GET /service/pod/x HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`);
    await waitUntil("the pod has it", async () => expect(pod.requests).toHaveLength(1));
    socket.end();
    await ended;
    expect(text).toBe("");
    await waitUntil("the pod's connection is closed", async () => expect(closed).toBe(true));
    const lines = await hops.trace(id, 3);
    expect(lines.map(({ status }) => status)).toEqual(["499", "499", "499"]);
    expect(pod.begun).toBe(1);
  });

  test("a client that goes takes its request with it", async () => {
    let closed = false;
    pod.handler = (request) => void request.socket.on("close", () => (closed = true));
    const socket = raw(hops.local());
    socket.write("GET /service/pod/gone HTTP/1.1\r\nHost: x\r\n\r\n");
    await waitUntil("the pod has it", async () => expect(pod.begun).toBe(1));
    socket.destroy();
    await waitUntil("the pod's connection is closed", async () => expect(closed).toBe(true));
  });

  test("given an upstream that dies in the middle of its answer, then the client sees that it is not whole", async () => {
    for (const [name, backend] of [
      ["pod", pod],
      ["own", own],
    ] as const) {
      backend.forget();
      backend.handler = (request, response) => {
        response.writeHead(200, { "Content-Length": "1000" });
        response.write("x".repeat(500), () => request.socket.destroy());
      };
      await expect(send(`${hops.local()}/service/${name}/x`)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
      expect(backend.begun).toBe(1);
    }
  });

  test("a head that never ends is given up", async () => {
    const started = Date.now();
    await sendBytes(hops.local(), "GET /service/pod/x HTTP/1.1\r\nHost: x\r\nX-Slow: ").catch(
      () => undefined,
    );
    expect(Date.now() - started).toBeLessThan(15_000);
  });
});
