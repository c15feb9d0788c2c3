import { ports } from "../../environment/naming";
import type { MeshWorld } from "../../operations/mesh/world";
import { builtCli } from "../support/built";
import { HandoverWorld } from "../support/handover-world";
import {
  atGateway,
  atMesosNode,
  inCluster,
  load,
  startInMesos,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { outcomesOf } from "../support/mesh-load";
import { waitUntil } from "../support/process";

jest.setTimeout(240_000);

const REQUESTS_PER_CONNECTION = 5;

let mesh: MeshWorld;
let stop: () => Promise<void>;
/** The API server and its controllers of the cluster alpha, whose Services a handover flips. */
let kubernetes: HandoverWorld;

beforeAll(async () => {
  builtCli();
  [{ mesh, stop }, kubernetes] = await Promise.all([startMesh(), HandoverWorld.start([])]);
});
afterAll(() => kubernetes?.stop());
afterEach(stopLoads);
afterAll(() => stop?.());

test("a service moves from Mesos to Kubernetes and all the way back while both sides call it, and no request fails", async () => {
  const service = "organization";
  const old = await startInMesos(mesh, service, [0, 1], "old");
  const cluster = mesh.cluster("alpha");
  await cluster.standIn(service);
  await mesh.settled();

  const pods = [inCluster(mesh, "alpha", service)];
  const mesos = load(
    "mesos",
    [0, 1].map((node) => atMesosNode(mesh, node, service)),
    { service, connections: 4, pauseMs: 5 },
  );
  const outside = load(
    "outside",
    [0, 1].map((gateway) => atGateway(mesh, gateway, service)),
    { service, connections: 2, pauseMs: 5 },
  );
  // Two kinds of pods: with a handover, those that open connections see it, and those that keep theirs do not.
  const fresh = load("kubernetes-fresh", pods, {
    ...{ service, connections: 4, pauseMs: 5, requestsPerConnection: REQUESTS_PER_CONNECTION },
  });
  const kept = load("kubernetes-kept", pods, { service, connections: 2, pauseMs: 5 });
  const all = [mesos, outside, fresh, kept];

  /** Who answers whom from now on, over some requests of each. */
  const answers = async () => {
    await Promise.all(all.map((one) => one.ofEach(2)));
    const now = Date.now();
    await Promise.all(all.map((one) => one.requests(200)));
    return Object.fromEntries(
      Object.entries({ mesos, outside, fresh, kept }).map(([name, one]) => [name, one.answeredBy(now)]),
    );
  };
  const each = (who: string): Record<string, string[]> => ({
    ...{ mesos: [who], outside: [who], fresh: [who], kept: [who] },
  });

  expect(await answers()).toEqual(each("mesos old"));

  const moved = await mesh.startService({ name: service, on: { cluster: "alpha" }, version: "moved" });
  expect(await answers()).toEqual(each("mesos old"));

  await kubernetes.deploy(service, 1);
  await handover("kubernetes");
  await fresh.ofEach(REQUESTS_PER_CONNECTION);
  expect(await answers()).toEqual({ ...each("mesos old"), fresh: ["alpha moved"] });

  await Promise.all(old.map((instance) => instance.scaleDown()));
  await mesh.settled();
  expect(await answers()).toEqual(each("alpha moved"));

  const again = await startInMesos(mesh, service, [0, 1], "again");
  // Not settled: that gateways have learned of it is the handover's to wait for.
  await handover("mesos");
  await fresh.ofEach(REQUESTS_PER_CONNECTION);
  expect(await answers()).toEqual(each("mesos again"));

  await moved.scaleDown();
  expect(await answers()).toEqual(each("mesos again"));
  expect(again).toHaveLength(2);

  const outcomes = await outcomesOf(all);
  expect(outcomes.length).toBeGreaterThan(5_000);
});

/** Runs the command, and does meanwhile what kube-proxy does: it follows the endpoints of the Service. */
async function handover(to: "kubernetes" | "mesos"): Promise<void> {
  const running = kubernetes.start(["organization", "--to", to], { CONSUL_HTTP_ADDR: mesh.consul.url });
  const port = to === "mesos" ? ports.outbound : 8080;
  await waitUntil(`the endpoints are those of ${to}`, async () => {
    const endpoints = await kubernetes.endpoints();
    if (endpoints.length === 0 || !endpoints.every((endpoint) => endpoint.endsWith(`:${port}`))) {
      throw new Error(endpoints.join(", "));
    }
  });
  await mesh.cluster("alpha").handover("organization", to);
  expect(await running.ended).toMatchObject({ code: 0 });
}
