#!/usr/bin/env node
// A service to try the mesh with: it answers what it is and what it was asked.
//
//   service.mjs --name organization --version v1 --where mesos --address 127.0.0.1 --port 31000
//
// /slow?ms=500             answers after that time
// /status/503              answers with that status
// /large?bytes=1000000     a body of that length
// /sse?count=3&ms=100      server-sent events; without count, until the client goes
// /broken?bytes=1000       promises twice that length and dies in the middle
// /reset                   reads the request and closes the connection without an answer
// a WebSocket              says back what it is told
// /_demo/health            200
// /_demo/state             requests so far and under way; none of /_demo/ counts
//
// SIGTERM: no new connections, what is under way is finished, and what is asked on open connections is still answered.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { acceptWebSocket } from "./websocket.mjs";

const { values: settings } = parseArgs({
  options: {
    name: { type: "string" },
    version: { type: "string", default: "v1" },
    where: { type: "string", default: "" },
    address: { type: "string", default: "127.0.0.1" },
    port: { type: "string" },
  },
});

/** For how long an open connection must have been silent before a stopping service closes it. */
const QUIET_MS = 1000;

const state = { requests: 0, inFlight: 0, last: Date.now() };
let stopping = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A number from the query; what is missing or no number is the fallback. */
function number(url, name, fallback) {
  const value = Number(url.searchParams.get(name) ?? fallback);
  return Number.isFinite(value) && value >= 0 ? value : fallback;
}

/** Reads the body without keeping it. */
async function digest(request) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function describe(request) {
  const { bytes, sha256 } = await digest(request);
  return {
    service: settings.name,
    version: settings.version,
    where: settings.where,
    method: request.method,
    path: request.url,
    headers: request.headers,
    bytes,
    sha256,
  };
}

function answer(response, status, body) {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Writes as fast as the other side reads, and stops when it is gone. */
async function write(response, chunk) {
  if (!response.write(chunk) && !response.destroyed) {
    await Promise.race(["drain", "close"].map((event) => new Promise((done) => response.once(event, done))));
  }
}

async function fill(response, bytes) {
  const block = Buffer.alloc(65_536, "skyline\n");
  for (let left = bytes; left > 0 && !response.destroyed; left -= block.length) {
    await write(response, left >= block.length ? block : block.subarray(0, left));
  }
}

async function events(request, response, url) {
  const [count, ms] = [number(url, "count", Infinity), number(url, "ms", 200)];
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  for (let id = 1; id <= count && !response.destroyed; id++) {
    await write(response, `id: ${id}\ndata: ${settings.name} ${settings.version}\n\n`);
    if (id < count) await pause(ms);
  }
  response.end();
}

async function serve(request, response) {
  const url = new URL(request.url, "http://demo");
  const [, first, second] = url.pathname.split("/");
  if (first === "slow") {
    await pause(number(url, "ms", 1000));
  } else if (first === "status" && /^[2-5]\d\d$/.test(second ?? "")) {
    return answer(response, Number(second), await describe(request));
  } else if (first === "large") {
    const bytes = number(url, "bytes", 1_000_000);
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes });
    await fill(response, bytes);
    return response.end();
  } else if (first === "sse") {
    return events(request, response, url);
  } else if (first === "broken") {
    const bytes = number(url, "bytes", 1000);
    response.writeHead(200, { "Content-Length": bytes * 2 });
    await fill(response, bytes);
    return response.destroy();
  } else if (first === "reset") {
    await digest(request);
    return request.socket.destroy();
  }
  return answer(response, 200, await describe(request));
}

function control(request, response) {
  if (request.url === "/_demo/health") return answer(response, 200, { service: settings.name, stopping });
  const { requests, inFlight, last } = state;
  return answer(response, 200, { requests, inFlight, idleMs: Date.now() - last, stopping });
}

/** Counts a piece of work until its stream is closed, however that comes about. */
function underWay(stream) {
  state.requests++;
  state.inFlight++;
  stream.once("close", () => {
    state.inFlight--;
    state.last = Date.now();
  });
}

// Longer than any proxy keeps a connection to it: who closes an idle connection first loses no request.
const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, (request, response) => {
  if (request.url.startsWith("/_demo/")) return control(request, response);
  underWay(response);
  if (stopping) response.setHeader("Connection", "close");
  serve(request, response).catch(() => response.destroy());
});

server.on("upgrade", (request, socket, head) => {
  underWay(socket);
  acceptWebSocket(request, socket, head);
});

server.listen(Number(settings.port), settings.address);

process.on("SIGTERM", () => {
  stopping = true;
  server.close(() => process.exit(0));
  // close() has closed the idle connections of Node's own; a proxy's pooled one may be about to carry a request.
  setInterval(() => {
    if (state.inFlight === 0 && Date.now() - state.last > QUIET_MS) process.exit(0);
  }, 50);
});
