import { createHash } from "node:crypto";
import { ports } from "../../environment/naming";
import { clusterOf } from "../../operations/dial/choice";
import type { MeshWorld } from "../../operations/mesh/world";
import { type Arrival, CountingWorkers } from "../support/counting-workers";
import { startMesh } from "../support/mesh-callers";
import { type FloodOptions, flood } from "../support/mesh-flood";
import { SlowTraffic } from "../support/slow-traffic";

// Which cluster a request goes to, counted where it arrives: at workers that do nothing but count. A cluster of one worker
// against one of three: a share that came of servers' weights would be wrong.

jest.setTimeout(300_000);

const SERVICE = "counted";
const REQUESTS = 50_000;

let mesh: MeshWorld;
let stop: () => Promise<void>;
let workers: CountingWorkers;
let slow: SlowTraffic;

beforeAll(async () => {
  // Two minutes of it, beside all that follows.
  slow = await SlowTraffic.start();
  ({ mesh, stop } = await startMesh({ clusters: { spare: 1 }, mesosNodes: 1, gateways: 3 }));
  workers = await CountingWorkers.start(mesh, { one: 1, three: 3 });
});
afterAll(async () => {
  await slow?.stop();
  await workers?.stop();
  await stop?.();
});

/** Ids that are the same in each run, so that a share is never off by chance. */
const ids = (kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => createHash("md5").update(`${kind} ${index}`).digest("hex"));
const gateway = (index: number) => ({ address: mesh.gateway(index).address, port: ports.gateway });
const gateways = () => [0, 1, 2].map(gateway);

async function turn(weights: Readonly<Record<string, number>>): Promise<void> {
  await mesh.setWeights(weights);
  await mesh.settled();
}

async function send(sent: readonly string[], how: Partial<FloodOptions> = {}): Promise<Map<string, Arrival>> {
  await flood({ endpoints: gateways(), path: `/service/${SERVICE}/x`, ids: sent, ...how });
  return workers.arrivals(sent.length);
}

const misplaced = (arrivals: Map<string, Arrival>, wanted: (id: string) => string | undefined) =>
  [...arrivals].filter(([id, { cluster }]) => cluster !== wanted(id)).map(([id]) => id);
const share = (arrivals: Map<string, Arrival>, cluster: string) =>
  (100 * [...arrivals.values()].filter((arrival) => arrival.cluster === cluster).length) / arrivals.size;

test.each([1, 5, 25, 50, 75, 99])(
  "of 50,000 requests %d %% go to the cluster of one worker, within a point, and each as computed beforehand",
  async (weight) => {
    const weights = { one: weight, three: 100 - weight };
    await turn(weights);
    const arrivals = await send(ids("share", REQUESTS));
    expect(Math.abs(share(arrivals, "one") - weight)).toBeLessThan(1);
    expect(misplaced(arrivals, (id) => clusterOf(id, weights))).toEqual([]);
    // Within a cluster all workers have their part.
    const reached = new Set([...arrivals.values()].map(({ worker }) => worker));
    expect(reached.size).toBe(4);
  },
);

test.each([
  [{ one: 100, three: 0 }, "one"],
  [{ one: 0, three: 100 }, "three"],
])("of %j not one request goes elsewhere", async (weights, only) => {
  await turn(weights);
  const arrivals = await send(ids("all", 10_000));
  expect(share(arrivals, only)).toBe(100);
});

test("every gateway decides alike, and with fewer workers as with more", async () => {
  const weights = { one: 40, three: 60 };
  await turn(weights);
  const sent = ids("alike", 2_000);
  const wanted = (id: string) => clusterOf(id, weights);
  for (const index of [0, 1, 2]) {
    expect(misplaced(await send(sent, { endpoints: [gateway(index)] }), wanted)).toEqual([]);
  }
  await Promise.all([1, 2].map((index) => workers.deregister("three", index)));
  await mesh.until(30_000, async () => {
    const left = mesh.gateways.map((each) => each.live().model.clusters.three?.length);
    return left.every((count) => count === 1) ? undefined : `workers of three: ${left.join(", ")}`;
  });
  await mesh.settled();
  expect(misplaced(await send(sent), wanted)).toEqual([]);
  await Promise.all([1, 2].map((index) => workers.register("three", index)));
  await mesh.settled();
});

test("over 20 reloads and new generations of the same weights each request goes where it did", async () => {
  const weights = { one: 25, three: 75 };
  const sent = ids("reloads", 500);
  for (let reload = 0; reload < 20; reload++) {
    if (reload % 5 === 0) await turn(weights);
    else mesh.gateways.forEach((each) => each.reload());
    // While old workers end and new ones begin.
    const arrivals = await send(sent, { pipelined: 1 });
    expect(misplaced(arrivals, (id) => clusterOf(id, weights))).toEqual([]);
  }
});

describe("a service that is sticky", () => {
  const weights = { one: 50, three: 50 };
  /** What a user sends, by request: hostile and ordinary values. */
  const HOSTILE = [
    ..."'\"\\;{}$%#&<>()[]|`~^*?!@=+,:/".split(""),
    ...["$dial", "${service}", "$skyline_request_id", "default", "hostnames", "one", "three", "%00", "\\0"],
    ...[
      "..",
      "a b",
      "a, b",
      "a\tb",
      "\xff\xfe\x80",
      "\xc3\xa4",
      "0",
      "-1",
      "x".repeat(7_000),
      "*",
      "~^.*$",
      "A",
      "a",
    ],
  ];

  beforeAll(() => turn(weights));

  async function set(settings: object): Promise<void> {
    await mesh.consul.put(`skyline/${mesh.environment}/services/${SERVICE}`, settings);
    await mesh.until(30_000, async () => {
      const has = mesh.gateways.map((each) => JSON.stringify(each.live().model.settings[SERVICE]));
      const wanted = Object.values((settings as { sticky: object }).sticky)[0] as string;
      const missing = has.findIndex((text) => text === undefined || !text.includes(`"${wanted}"`));
      return missing < 0 ? mesh.gateways[0]?.unconfirmed() : `gateway ${missing} has ${has[missing]}`;
    });
    await mesh.settled();
  }
  /** Requests with one of the values each; half of the ids have none. */
  const values = (sent: readonly string[]) =>
    new Map(
      sent.map((id, index) => [id, index % 2 === 0 ? "" : (HOSTILE[(index >> 1) % HOSTILE.length] ?? "")]),
    );

  test("by a header goes where its value says, by its id without one, and hostile values do no more", async () => {
    await set({ sticky: { header: "x-user-id" } });
    const sent = ids("header", 2_000);
    const of = values(sent);
    const arrivals = await send(sent, {
      lines: (id) => (of.get(id) === "" ? "" : `X-User-ID: ${of.get(id)}\r\n`),
      pipelined: 50,
    });
    expect(
      misplaced(arrivals, (id) =>
        clusterOf(of.get(id) === "" ? id : Buffer.from(of.get(id) ?? "", "latin1"), weights),
      ),
    ).toEqual([]);
    const byUser = new Map<string, Set<string>>();
    for (const [id, { cluster }] of arrivals) {
      byUser.set(of.get(id) ?? "", (byUser.get(of.get(id) ?? "") ?? new Set()).add(cluster));
    }
    expect([...byUser].filter(([user, clusters]) => user !== "" && clusters.size > 1)).toEqual([]);
    expect(byUser.get("")?.size).toBe(2);
  });

  test("by a cookie likewise, among others, and other services by their ids", async () => {
    await set({ sticky: { cookie: "session" } });
    const sent = ids("cookie", 1_000);
    const session = (id: string) => `s${parseInt(id.slice(0, 2), 16) % 32}`;
    const lines = (id: string) => `Cookie: a=b; session=${session(id)}; c=d\r\nX-User-ID: ${id}\r\n`;
    expect(misplaced(await send(sent, { lines }), (id) => clusterOf(session(id), weights))).toEqual([]);
    const other = await send(sent, { lines, path: "/service/another/x" });
    expect(misplaced(other, (id) => clusterOf(id, weights))).toEqual([]);
  });

  test("keeps its rule when its settings become broken", async () => {
    const sent = ids("broken", 200);
    await mesh.consul.put(`skyline/${mesh.environment}/services/${SERVICE}`, {
      sticky: { header: "x_user;}" },
    });
    await mesh.until(30_000, async () => {
      const last = (await mesh.gateway(0).status()) as { last?: { dropped?: { settings?: number } } };
      return last.last?.dropped?.settings === 1 ? undefined : "the settings are not dropped yet";
    });
    const lines = () => "Cookie: session=always\r\n";
    expect(misplaced(await send(sent, { lines }), () => clusterOf("always", weights))).toEqual([]);
  });
});

test("at one request a second for two minutes each goes where it was computed to go beforehand", async () => {
  const { sent, misplaced: wrong, clusters } = await slow.ended();
  expect(sent).toBe(120);
  expect(wrong).toEqual([]);
  expect(clusters).toEqual(["alpha", "bravo"]);
});
