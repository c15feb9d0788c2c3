// Time from a change in Consul to the last request on the old way, in a whole mesh of real programs.
import { Agent, request } from "node:http";
import { join } from "node:path";
import { findBinaries, MeshWorld, pause } from "./product.mjs";
import { serviceNames } from "./services.mjs";

const NAME = "organization";
const CONNECTIONS = 8;
/** Between the requests of a connection: enough of them to see the moment, too few to take the machine from the mesh. */
const PAUSE_MS = 40;
/** A change counts as done when the new way has had all requests for so long. */
const QUIET_MS = 1500;
const DEADLINE_MS = 30_000;
/** The apply step lets one reload through in ten seconds, and three at once: each change has its own here. */
const BETWEEN_MS = 10_500;

/**
 * Takes a Mesos service out of Consul and puts it back, in turn. It is in Kubernetes too, so that there always is a way;
 * its instance in Mesos goes on running, so that the old way would be answered for ever.
 *
 * @returns { seconds, failed, requests }: from each change to the sending of the last request that was answered on the old way
 */
export async function measureChanges({ folder, services, changes, report }) {
  const mesh = await MeshWorld.start({
    clusters: { alpha: 1 },
    mesosNodes: 2,
    gateways: 1,
    directory: join(folder, "world"),
    binaries: await findBinaries(),
    report,
  });
  try {
    report(`registering ${services} services …`);
    const address = mesh.mesosNode(0).address;
    await mesh.consul.registerMany(
      serviceNames(services - 1).map((name) => ({
        node: "bench",
        address,
        service: { Service: name, Address: address, Port: 31000, Tags: ["skyline"] },
      })),
    );
    const { record } = await mesh.startService({ name: NAME, on: { mesos: 0 } });
    await mesh.startService({ name: NAME, on: { cluster: "alpha" } });
    await mesh.settled(120_000);
    const instance = { name: NAME, id: record.id, address: record.address, port: record.port };
    const caller = new Caller(mesh.mesosNode(1).localUrl(`${NAME}/where`));
    try {
      return await inTurn({ mesh, caller, instance, changes, report });
    } finally {
      await caller.stop();
    }
  } finally {
    await mesh.stop();
  }
}

async function inTurn({ mesh, caller, instance, changes, report }) {
  const seconds = [];
  await caller.until("mesos", performance.now());
  for (let change = 1; change <= changes; change++) {
    await pause(BETWEEN_MS + Math.random() * 2000);
    const [from, to] = change % 2 === 1 ? ["mesos", "alpha"] : ["alpha", "mesos"];
    const begun = performance.now();
    await (to === "mesos" ? mesh.consul.register(instance) : mesh.consul.deregister(instance.id));
    await caller.until(to, begun);
    const last = caller.lastOn(from);
    seconds.push(Math.max(0, last - begun) / 1000);
    report(`change ${change} of ${changes}, from ${from} to ${to}: ${seconds.at(-1).toFixed(2)} s`);
  }
  return { seconds, failed: caller.failed, requests: caller.requests };
}

/** Calls a URL over a few connections all the time, and keeps when each way was taken last. */
class Caller {
  requests = 0;
  failed = 0;
  #sent = new Map();
  #ended = false;
  #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  #loops;

  constructor(url) {
    this.#loops = Array.from({ length: CONNECTIONS }, () => this.#loop(url));
  }

  /** When the last request was sent that this way has answered. */
  lastOn(way) {
    return this.#sent.get(way) ?? -Infinity;
  }

  /** Resolves when all requests have taken this way for a while. */
  async until(way, since) {
    for (;;) {
      const others = [...this.#sent].filter(([each]) => each !== way).map(([, at]) => at);
      const now = performance.now();
      if (this.lastOn(way) > now - 200 && Math.max(since, ...others) < now - QUIET_MS) return;
      if (now - since > DEADLINE_MS)
        throw new Error(`after ${DEADLINE_MS} ms requests still go another way than ${way}`);
      await pause(20);
    }
  }

  async stop() {
    this.#ended = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #loop(url) {
    while (!this.#ended) {
      const sent = performance.now();
      const way = await this.#call(url).catch(() => undefined);
      this.requests++;
      if (way === undefined) this.failed++;
      else this.#sent.set(way, Math.max(sent, this.lastOn(way)));
      await pause(PAUSE_MS);
    }
  }

  #call(url) {
    return new Promise((resolve, reject) => {
      const sending = request(url, { agent: this.#agent, timeout: 5000 }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part) => (text += part));
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(JSON.parse(text).where)
            : reject(new Error(String(answer.statusCode))),
        );
        answer.on("error", reject);
      });
      sending.on("timeout", () => sending.destroy(new Error("timeout")));
      sending.on("error", reject);
      sending.end();
    });
  }
}
