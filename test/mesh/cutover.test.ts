import type { MeshWorld } from "../../operations/mesh/world";
import {
  atGateway,
  atMesosNode,
  inCluster,
  load,
  startInMesos,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { type Load, outcomesOf } from "../support/mesh-load";

jest.setTimeout(240_000);

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh());
});
afterEach(stopLoads);
afterAll(() => stop?.());

const REQUESTS = 20_000;
// In five parts: in Mesos, on the way, in Kubernetes, on the way back, in Mesos again.
const PART = Math.ceil(REQUESTS / 5 / 4);

test("a service that is scaled down in Mesos is answered by Kubernetes and then by Mesos again, and no request of 20,000 fails", async () => {
  const service = "organization";
  const scaled = await startInMesos(mesh, service, [0, 1], "old");
  await mesh.startService({ name: service, on: { cluster: "alpha" }, version: "new" });
  // A cluster without weight: its own pods call what stands for the Mesos service there.
  await mesh.cluster("bravo").standIn(service);
  await mesh.settled();

  const nodes = [0, 1].map((node) => atMesosNode(mesh, node, service));
  const gateways = [0, 1].map((gateway) => atGateway(mesh, gateway, service));
  const loads = [
    load("mesos", nodes, { service, connections: 4 }),
    load("outside", gateways, { service, connections: 4 }),
    // Nobody may repeat these.
    load("outside-post", gateways, { service, connections: 2, methods: ["POST"] }),
    load("kubernetes", [inCluster(mesh, "bravo", service)], { service, connections: 4 }),
  ];
  await part(loads);
  expect(answered(loads)).toEqual(["mesos old"]);

  await Promise.all(scaled.map((instance) => instance.scaleDown()));
  await mesh.settled();
  const down = await changed(loads);
  await part(loads);
  expect(answered(loads, down)).toEqual(["alpha new"]);

  await startInMesos(mesh, service, [0, 1], "again");
  await mesh.settled();
  const up = await changed(loads);
  await part(loads);
  expect(answered(loads, up)).toEqual(["mesos again"]);

  while (total(loads) < REQUESTS) await part(loads);
  const outcomes = await outcomesOf(loads);
  expect(outcomes.length).toBeGreaterThanOrEqual(REQUESTS);
  expect(outcomes.filter(({ method }) => method === "POST").length).toBeGreaterThan(REQUESTS / 3);
  // On keep-alive connections: hardly any was the first of its own.
  expect(outcomes.filter(({ nth }) => nth === 1).length).toBeLessThan(outcomes.length / 50);
});

/** The moment from which on the change holds for every connection. */
async function changed(loads: readonly Load[]): Promise<number> {
  await Promise.all(loads.map((one) => one.ofEach(2)));
  return Date.now();
}

const part = (loads: readonly Load[]) => Promise.all(loads.map((one) => one.requests(PART)));
const total = (loads: readonly Load[]) => loads.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
const answered = (loads: readonly Load[], since?: number) => [
  ...new Set(loads.flatMap((one) => one.answeredBy(since))),
];
