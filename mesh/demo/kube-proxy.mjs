#!/usr/bin/env node
// Stands for kube-proxy of one cluster on a machine without network namespaces: a Service's address leads to one of its
// endpoints. As there: a change takes effect for new connections and leaves the established ones where they are, and a
// Service without endpoints refuses connections.
//
//   kube-proxy.mjs --control 127.0.0.1:10256
//
// PUT /services   {"giphy": {"address": "127.0.0.9", "port": 8080, "endpoints": [{"address": "127.0.0.8", "port": 20000}]}}
//                 answered once it is so
// GET /services   the same
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { parseArgs } from "node:util";

const { values: settings } = parseArgs({ options: { control: { type: "string" } } });

let services = {};
/** By service: its listener, and for each endpoint a connection that tells at once when the endpoint dies. */
const running = new Map();

const keyOf = ({ address, port }) => `${address}:${port}`;

class Service {
  constructor({ address, port }) {
    Object.assign(this, { address, port, endpoints: [], alive: new Map(), next: 0, listener: undefined });
  }

  /** Resolves when each endpoint is known to live or not, and the listener is there or not. */
  async update(endpoints) {
    this.endpoints = endpoints;
    // The new ones first: without any, a connection that comes meanwhile would be reset.
    await Promise.all(endpoints.map((endpoint) => this.watch(endpoint)));
    for (const [key, socket] of this.alive) {
      if (!endpoints.some((endpoint) => keyOf(endpoint) === key)) {
        this.alive.delete(key);
        socket.destroy();
      }
    }
    await this.listen();
  }

  watch(endpoint) {
    const key = keyOf(endpoint);
    return this.alive.has(key) ? undefined : this.probe(endpoint, key);
  }

  /** An endpoint is dead when it takes no connection: one on which nothing is said is closed by one that lives, too. */
  probe(endpoint, key) {
    return new Promise((resolve) => {
      const socket = connect({ host: endpoint.address, port: endpoint.port });
      let lived = false;
      socket.on("connect", () => {
        lived = true;
        this.alive.set(key, socket);
        resolve();
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        resolve();
        if (lived) {
          if (this.alive.get(key) === socket) void this.probe(endpoint, key);
          return;
        }
        this.alive.delete(key);
        void this.listen();
        // It may come back, as a container that is restarted does.
        setTimeout(() => {
          if (running.get(this.name) === this && this.endpoints.some((other) => keyOf(other) === key)) {
            Promise.resolve(this.watch(endpoint)).then(() => this.listen());
          }
        }, 100).unref();
      });
    });
  }

  /** Listens while an endpoint lives. */
  listen() {
    if (this.alive.size === 0) {
      this.listener?.close();
      this.listener = undefined;
      return undefined;
    }
    if (this.listener !== undefined) return this.listening;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.relay(client));
    this.listener = listener;
    this.listening = new Promise((resolve, reject) => {
      listener.once("error", (error) => {
        if (this.listener === listener) this.listener = undefined;
        reject(error);
      });
      listener.listen({ host: this.address, port: this.port }, resolve);
    });
    return this.listening;
  }

  relay(client) {
    const keys = [...this.alive.keys()];
    const key = keys[this.next++ % keys.length];
    if (key === undefined) return client.resetAndDestroy();
    const [host, port] = key.split(":");
    const endpoint = connect({ host, port: Number(port), allowHalfOpen: true });
    client.setNoDelay(true);
    endpoint.setNoDelay(true);
    client.pipe(endpoint);
    endpoint.pipe(client);
    client.on("error", () => endpoint.resetAndDestroy());
    endpoint.on("error", () => client.resetAndDestroy());
    client.on("close", () => endpoint.destroy());
    return endpoint.on("close", () => client.destroy());
  }
}

async function update(wanted) {
  for (const [name, service] of running) {
    if (wanted[name] === undefined || keyOf(wanted[name]) !== keyOf(service)) {
      running.delete(name);
      await service.update([]);
    }
  }
  for (const [name, service] of Object.entries(wanted)) {
    if (!running.has(name)) running.set(name, Object.assign(new Service(service), { name }));
    await running.get(name).update(service.endpoints);
  }
  services = wanted;
}

// One change after the other.
let last = Promise.resolve();
const [host, port] = settings.control.split(":");
createHttpServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(`${JSON.stringify(body)}\n`);
  };
  if (request.url !== "/services") return answer(404, { error: "there is /services alone" });
  if (request.method !== "PUT") return answer(200, services);
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  const change = last.then(() => update(JSON.parse(text)));
  last = change.catch(() => undefined);
  return change.then(
    () => answer(200, services),
    (error) => answer(400, { error: error.message }),
  );
}).listen({ host, port: Number(port) });
