import type { Instance } from "../../operations/mesh/instance";
import type { MeshWorld } from "../../operations/mesh/world";
import {
  atGateway,
  atMesosNode,
  generations,
  inCluster,
  load,
  startInMesos,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { type Load, type Outcome, outcomesOf } from "../support/mesh-load";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh({ mesosNodes: 3, clusters: { alpha: 2 } }));
});
afterEach(stopLoads);
afterAll(() => stop?.());

// The kernel tells a proxy of a dead peer in no time; the proxy reads it when its event loop comes to it.
const NOTICED_MS = 250;

interface Death {
  readonly after: number;
  readonly before: number;
}

async function deathOf(victim: { kill(): Promise<void> }): Promise<Death> {
  const after = Date.now();
  await victim.kill();
  return { after, before: Date.now() };
}

/** A request that may fail by this death: it was on its way, and its method does not allow to send it again. */
const onItsWay =
  ({ after, before }: Death) =>
  ({ method, started, ended }: Outcome) =>
    method === "POST" && started <= before + NOTICED_MS && ended >= after;

const CONNECTIONS = { connections: 6, pauseMs: 2 };

describe("an instance is killed", () => {
  test("given one of two, and no such Service in Kubernetes, then only requests on their way that nobody may repeat fail", async () => {
    const service = "both-in-mesos";
    const [, victim] = await inMesos(service, [1, 2]);
    const loads = callers(service);
    await running(loads);
    const death = await deathOf(victim!);
    await running(loads);
    await gone(service, victim!);
    await running(loads);
    const outcomes = await outcomesOf(loads, onItsWay(death));
    expect(outcomes.length).toBeGreaterThan(1_000);
  });

  test("given the only one, then Kubernetes answers at once, with the configuration that names the dead one", async () => {
    const service = "moving";
    const [victim] = await inMesos(service, [1]);
    await mesh.startService({ name: service, on: { cluster: "alpha" }, version: "kubernetes" });
    const loads = callers(service);
    await running(loads);
    expect(answered(loads)).toEqual(["mesos v1"]);
    const before = await generations(mesh);
    // Nothing renders until it is let go on.
    for (const { consulTemplate } of mesh.choosers) consulTemplate.signal("SIGSTOP");
    const death = await deathOf(victim!);
    await running(loads);
    expect(await generations(mesh)).toEqual(before);
    for (const one of loads) expect(one.answeredBy(death.before + NOTICED_MS)).toEqual(["alpha kubernetes"]);
    for (const { consulTemplate } of mesh.choosers) consulTemplate.signal("SIGCONT");
    await gone(service, victim!);
    await running(loads);
    await outcomesOf(loads, onItsWay(death));
  });

  test("no request that may not be repeated is handled twice", async () => {
    const service = "counted";
    const instances = await inMesos(service, [1, 2]);
    await mesh.startService({ name: service, on: { cluster: "alpha" }, version: "kubernetes" });
    const loads = callers(service);
    await running(loads);
    const death = await deathOf(instances[0]!);
    await running(loads);
    const outcomes = await outcomesOf(loads, onItsWay(death));
    const posts = new Set(outcomes.filter(({ method }) => method === "POST").map(({ id }) => id));
    // Logs are written each second. What a last hop answered with 421 was not sent to any instance.
    const handled = await waitUntil("the last hops have logged all of them", async () => {
      const lines = [...mesh.mesosNodes, ...mesh.workers].flatMap((node) => node.logs());
      const sent = lines.filter(({ listener, status }) => listener === "inbound" && Number(status) !== 421);
      const found = new Map([...posts].map((id) => [id, sent.filter(({ request_id }) => request_id === id)]));
      const missing = [...found].filter(([, some]) => some.length === 0);
      if (missing.length > 0)
        throw new Error(`${missing.length} of ${posts.size} are missing: ${missing[0]![0]}`);
      return found;
    });
    expect([...handled.values()].filter((some) => some.length > 1)).toEqual([]);
  });
});

describe("an NGINX is killed", () => {
  test("given a Mesos node's, then callers on other nodes lose nothing that could be sent again", async () => {
    const service = "on-two-nodes";
    await inMesos(service, [1, 2]);
    const entrances = [atMesosNode(mesh, 0, service), atGateway(mesh, 0, service)];
    const loads = [load("elsewhere", entrances, { service, ...CONNECTIONS })];
    await running(loads);
    const death = await deathOf(mesh.mesosNode(2).nginx);
    await running(loads);
    await mesh.mesosNode(2).restartNginx();
    await running(loads);
    await outcomesOf(loads, onItsWay(death));
  });

  test("given a worker's bridge, of two, then what is in Kubernetes loses nothing that could be sent again", async () => {
    const service = "in-pods";
    // On the first worker; both bridges lead to it.
    await mesh.startService({ name: service, on: { cluster: "alpha" } });
    const worker = mesh.worker("alpha", 1);
    const handled = () => worker.logs().filter((line) => line.service === service).length;
    const loads = callers(service);
    await running(loads);
    await waitUntil("it has its share", async () => expect(handled()).toBeGreaterThan(0));
    const death = await deathOf(worker.nginx);
    const until = handled();
    await running(loads);
    expect(handled()).toBe(until);
    await worker.restartNginx();
    await running(loads);
    await waitUntil("it has its share again", async () => expect(handled()).toBeGreaterThan(until));
    await outcomesOf(loads, onItsWay(death));
  });

  test("given a gateway's, then local proxies and bridges go to the other", async () => {
    const [mesos, kubernetes] = ["only-mesos", "only-kubernetes"];
    await inMesos(mesos!, [1]);
    await mesh.startService({ name: kubernetes!, on: { cluster: "alpha" } });
    await mesh.cluster("alpha").standIn(mesos!);
    const nodes = [0, 1].map((node) => atMesosNode(mesh, node, kubernetes!));
    const loads = [
      load("mesos", nodes, { service: kubernetes!, ...CONNECTIONS }),
      load("kubernetes", [inCluster(mesh, "alpha", mesos!)], { service: mesos!, ...CONNECTIONS }),
    ];
    await running(loads);
    const death = await deathOf(mesh.gateway(1).nginx);
    await running(loads);
    await mesh.gateway(1).restartNginx();
    await running(loads);
    await outcomesOf(loads, onItsWay(death));
  });
});

async function inMesos(name: string, nodes: readonly number[]): Promise<Instance[]> {
  const instances = await startInMesos(mesh, name, nodes);
  await mesh.settled();
  return instances;
}

/** On another node than the instances, and outside. */
const callers = (service: string): Load[] => [
  load("mesos", [atMesosNode(mesh, 0, service)], { service, ...CONNECTIONS }),
  load("outside", [atGateway(mesh, 0, service), atGateway(mesh, 1, service)], { service, ...CONNECTIONS }),
];

const running = (loads: readonly Load[]) => Promise.all(loads.map((one) => one.requests(300)));
const answered = (loads: readonly Load[]) => [...new Set(loads.flatMap((one) => one.answeredBy()))];

/** Its check has failed, and no configuration names it any more. */
async function gone(service: string, victim: Instance): Promise<void> {
  await waitUntil(`${service} without its dead instance`, async () => {
    const instances = await mesh.consul.instances(service);
    const { id } = victim.record;
    if (instances.some((instance) => instance.id === id && instance.healthy))
      throw new Error(`${id} passes its check`);
  });
  await mesh.settled();
}
