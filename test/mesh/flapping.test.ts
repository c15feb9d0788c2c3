import { setTimeout as sleep } from "node:timers/promises";
import type { MeshWorld } from "../../operations/mesh/world";
import { atGateway, atMesosNode, load, nginxes, startMesh, stopLoads } from "../support/mesh-callers";
import { outcomesOf } from "../support/mesh-load";
import { nginxProcesses, peakWhile } from "../support/mesh-processes";
import { waitUntil } from "../support/process";

const SERVICES = 100;
// Twice the minute in which reloads are counted would show nothing else: the bucket is refilled by the second.
const SECONDS = 75;

jest.setTimeout(240_000);

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh());
});
afterEach(stopLoads);
afterAll(() => stop?.());

const NODE = { node: "flapping", address: "127.0.0.1" };
const flapper = (index: number, up: boolean) => ({
  ...NODE,
  service: { Service: `flapping-${index}`, Address: NODE.address, Port: 20_000 + index, Tags: ["skyline"] },
  check: { Name: "flaps", Status: up ? ("passing" as const) : ("critical" as const) },
});

test("given 100 services that come or go each second, then reloads, workers and memory stay bounded, and others' requests do not fail", async () => {
  await mesh.consul.registerMany(Array.from({ length: SERVICES }, (_, index) => flapper(index, true)));
  await mesh.startService({ name: "organization", on: { mesos: 1 } });
  await mesh.settled();
  const masters = nginxes(mesh).map(({ pid }) => pid);
  const paced = { service: "organization", connections: 4, pauseMs: 50 };
  const loads = [
    load("mesos", [atMesosNode(mesh, 0, "organization")], paced),
    load("outside", [atGateway(mesh, 0, "organization")], paced),
  ];
  // A master that has reloaded has room for two configurations, and keeps it, as a worker that has served has for requests.
  for (let reload = 0; reload < 3; reload++) {
    for (const nginx of nginxes(mesh)) nginx.signal("SIGHUP");
    await sleep(500);
  }
  await oldWorkersHaveEnded(masters, 1);
  await sleep(5_000);
  const memoryBefore = Math.max(...masters.map((pid) => nginxProcesses(pid).memory));
  const workersBefore = Math.max(...masters.map((pid) => nginxProcesses(pid).workers.length));
  const reloadsBefore = await reloadsOf(mesh);

  const began = Date.now();
  const { workers, memory } = await peakWhile(masters, flap(SECONDS));
  const minutes = (Date.now() - began) / 60_000;
  const reloads = await reloadsOf(mesh);
  const outcomes = await outcomesOf(loads);

  // 6 a minute, and what a node may do at once after a quiet time.
  const bound = Math.ceil(6 * minutes) + 3;
  const counts = [...reloads].map(([node, count]) => [node, count - (reloadsBefore.get(node) ?? 0)] as const);
  expect(counts.filter(([, count]) => count > bound)).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(1_000);
  expect(workers).toBeLessThanOrEqual(3 * workersBefore);
  expect(memory).toBeLessThanOrEqual(3 * memoryBefore);

  // The storm is over: the last state is served, the workers are as many as before, and nothing has leaked.
  await mesh.consul.registerMany(Array.from({ length: SERVICES }, (_, index) => flapper(index, true)));
  await mesh.settled();
  await oldWorkersHaveEnded(masters, workersBefore);
  const memoryAfter = Math.max(...masters.map((pid) => nginxProcesses(pid).memory));
  expect(memoryAfter).toBeLessThan(1.2 * memoryBefore);
});

const oldWorkersHaveEnded = (masters: readonly number[], left: number) =>
  waitUntil("old workers have ended", async () => {
    const counts = masters.map((pid) => nginxProcesses(pid).workers.length);
    if (Math.max(...counts) > left) throw new Error(`there are ${counts.join(", ")}`);
  });

async function reloadsOf(mesh: MeshWorld): Promise<ReadonlyMap<string, number>> {
  const counted = mesh.choosers.map(async (node) => {
    const { counters } = (await node.status()) as { counters: { reloads?: number } };
    return [node.name, counters.reloads ?? 0] as const;
  });
  return new Map(await Promise.all(counted));
}

/** Ten times a second a tenth of the services changes: each changes each second. */
async function flap(seconds: number): Promise<void> {
  const up = Array.from({ length: SERVICES }, () => true);
  const began = Date.now();
  for (let tick = 0; tick < seconds * 10; tick++) {
    const changed = up.flatMap((_, index) => (index % 10 === tick % 10 ? [index] : []));
    await mesh.consul.registerMany(changed.map((index) => flapper(index, (up[index] = !up[index]))));
    await sleep(Math.max(0, began + (tick + 1) * 100 - Date.now()));
  }
}
