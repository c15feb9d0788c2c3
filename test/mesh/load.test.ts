import { type RequestListener, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Load, outcomesOf } from "../support/mesh-load";

// The client that other tests count failures with: one that hides some, or makes its own, would make them worthless.

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

/** Answers as the demo application does. */
const answer: RequestListener = (request, response) => {
  let bytes = 0;
  request.on("data", (some: Buffer) => (bytes += some.length));
  request.on("end", () => {
    const { method, url = "", headers } = request;
    const path = url.replace("/service/foo", "");
    response.end(
      JSON.stringify({ service: "foo", version: "v1", where: "mesos", method, path, headers, bytes }),
    );
  });
};

async function start(listener: RequestListener): Promise<Load> {
  server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint = () => ({ address: "127.0.0.1", port });
  return Load.start({ caller: "test", service: "foo", endpoint, connections: 2, pauseMs: 5, timeoutMs: 500 });
}

test("a server that does nothing wrong fails no request, on few connections", async () => {
  let connections = 0;
  const load = await start(answer);
  server.on("connection", () => connections++);
  await load.requests(200);
  const outcomes = await outcomesOf([load]);
  expect(load.answeredBy()).toEqual(["mesos v1"]);
  expect(new Set(outcomes.map(({ method }) => method))).toEqual(new Set(["GET", "POST"]));
  expect(connections).toBeLessThanOrEqual(2);
});

test("a server that says that it closes a connection fails none", async () => {
  const load = await start((request, response) => {
    if (Math.random() < 0.3) response.setHeader("Connection", "close");
    answer(request, response);
  });
  await load.requests(200);
  await outcomesOf([load]);
});

test("a server that closes an idle connection without a word fails the next request of it, each time", async () => {
  let closed = 0;
  const load = await start((request, response) => {
    answer(request, response);
    if (++closed % 10 === 0) response.on("finish", () => setImmediate(() => request.socket.destroySoon()));
    else return;
  });
  await load.requests(200);
  await load.stop();
  const failed = load.failed.length;
  // The last two closed connections may have had no next request.
  expect(failed).toBeGreaterThanOrEqual(Math.floor(closed / 10) - 2);
  expect(failed).toBeLessThanOrEqual(Math.floor(closed / 10));
  expect(load.failed.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["idle"]));
});

test.each<[string, RequestListener, RegExp]>([
  ["breaks off", (_request, response) => void response.socket?.destroy(), /POST sent: /],
  [
    "breaks off amid an answer",
    (_request, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("some");
      setTimeout(() => response.socket?.destroy(), 20);
    },
    /GET answer: /,
  ],
  ["never answers", () => undefined, /GET sent: no answer in 500 ms/],
  [
    "answers with an error",
    (_request, response) => void response.writeHead(502).end("bad"),
    /answered: 502 bad/,
  ],
  [
    "answers another's request",
    (request, response) => {
      request.headers["x-request-id"] = "another";
      answer(request, response);
    },
    /the answer is to .*another.* instead of/,
  ],
])("given a server that %s, then requests fail with the reason", async (_, listener, reason) => {
  const load = await start(listener);
  await load.requests(4);
  await expect(outcomesOf([load])).rejects.toThrow(reason);
});

test("given nobody listens, then requests fail for want of a connection", async () => {
  const load = await start(answer);
  await load.requests(4);
  server.close();
  server.closeAllConnections();
  await sleep(200);
  await load.stop();
  expect(load.failed.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["connect"]));
});
