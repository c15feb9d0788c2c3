import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { MeshWorld } from "../../operations/mesh/world";
import {
  type Entrance,
  atGateway,
  atMesosNode,
  inCluster,
  load,
  nginxes,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { KeptConnection } from "../support/mesh-connection";
import { outcomesOf } from "../support/mesh-load";
import { nginxBinary } from "../support/nginx-binary";

const MINUTES = 60_000;
const DURATION = 5 * MINUTES;
const EVERY = 2_000;

jest.setTimeout(DURATION + 2 * MINUTES);

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh());
});
afterEach(stopLoads);
afterAll(() => stop?.());

test("NGINX is new enough to keep a pooled connection alive through a reload", async () => {
  const { stderr } = await promisify(execFile)(await nginxBinary(), ["-v"]);
  const [, major, minor, patch] = (/nginx\/(\d+)\.(\d+)\.(\d+)/.exec(stderr) ?? []).map(Number);
  // keepalive_min_timeout came with 1.27.4.
  expect(((major ?? 0) * 1000 + (minor ?? 0)) * 1000 + (patch ?? 0)).toBeGreaterThanOrEqual(1_027_004);
});

test("given every NGINX reloads each 2 s for 5 minutes, then no request on a keep-alive connection fails", async () => {
  await mesh.startService({ name: "organization", on: { mesos: 1 } });
  await mesh.startService({ name: "media", on: { cluster: "alpha" } });
  await mesh.cluster("alpha").standIn("organization");
  await mesh.settled();

  // A pause, as this runs for long and not alone: what counts is that some requests meet each reload.
  const paced = { connections: 4, pauseMs: 120 };
  const nodes = (service: string) => [0, 1].map((node) => atMesosNode(mesh, node, service));
  const gateways = (service: string) => [0, 1].map((gateway) => atGateway(mesh, gateway, service));
  const loads = [
    load("mesos-to-mesos", nodes("organization"), { service: "organization", ...paced }),
    load("mesos-to-kubernetes", nodes("media"), { service: "media", ...paced }),
    load("kubernetes-to-mesos", [inCluster(mesh, "alpha", "organization")], {
      ...{ service: "organization", ...paced },
    }),
    load("outside", gateways("media"), { service: "media", ...paced }),
    // A connection that waits longer than between two reloads, though not longer than keepalive_min_timeout.
    load("idle", nodes("organization"), { service: "organization", connections: 4, pauseMs: 3_500 }),
  ];
  const began = Date.now();
  let reloads = 0;
  let workers = 0;
  for (let next = began; next < began + DURATION; next += EVERY) {
    await sleep(Math.max(0, next - Date.now()));
    // Connections between hops are kept as well. One node reloads seldom, so that those it keeps to the others grow old.
    const others = reloads % 8 === 0 ? [] : [mesh.mesosNode(0).nginx];
    const burst = reloads % 3 === 0 ? await Burst.ready(atMesosNode(mesh, 0, "media")) : undefined;
    for (const nginx of nginxes(mesh))
      if (!others.some(({ name }) => name === nginx.name)) nginx.signal("SIGHUP");
    await burst?.send(reloads % 20);
    reloads++;
    workers = Math.max(workers, ...nginxes(mesh).map(({ children }) => children.length));
  }
  const outcomes = await outcomesOf(loads);
  expect(reloads).toBeGreaterThanOrEqual(DURATION / EVERY);
  expect(outcomes.length).toBeGreaterThan(5_000);
  expect(outcomes.filter(({ nth }) => nth === 1).length).toBeLessThan(outcomes.length / 10);
  // keepalive_min_timeout, 10 s, makes an old worker outlive five more reloads and a bit.
  expect(workers).toBeLessThanOrEqual(8);
});

/**
 * Requests that nobody may repeat, sent at once some milliseconds after a reload, each on a new connection: they take as
 * many connections to the next hop, of which most have been idle for seconds, at the moment in which the next hop closes
 * idle ones.
 */
class Burst {
  static async ready(entrance: Entrance): Promise<Burst> {
    const opened = Array.from({ length: 12 }, () => KeptConnection.open(entrance.endpoint, 5_000));
    return new Burst(entrance, await Promise.all(opened));
  }

  private constructor(
    private readonly entrance: Entrance,
    private readonly connections: readonly KeptConnection[],
  ) {}

  /** @param step sends them 4 ms later than the one before it: a reload takes a while */
  async send(step: number): Promise<void> {
    await sleep(step * 4);
    const { host, path } = this.entrance;
    const head = `POST ${path("/burst")} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\n\r\nbody`;
    const replies = await Promise.all(this.connections.map((one) => one.send(Buffer.from(head), 15_000)));
    for (const one of this.connections) one.close();
    expect(replies.map(({ status, body }) => `${status} ${status === 200 ? "" : body.toString()}`)).toEqual(
      this.connections.map(() => "200 "),
    );
  }
}
