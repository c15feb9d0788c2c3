import { setTimeout as sleep } from "node:timers/promises";
import type { ConsulAgent } from "../../operations/mesh/consul-agents";
import type { InstanceRecord } from "../../operations/mesh/instance";
import type { MeshWorld } from "../../operations/mesh/world";
import {
  atGateway,
  atMesosNode,
  generations,
  inCluster,
  load,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { KeptConnection } from "../support/mesh-connection";
import { type Load, outcomesOf } from "../support/mesh-load";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

// Seconds where the requirement speaks of an hour: nothing in the mesh counts the time of an outage. What grows with it,
// consul-template's pauses between tries, has reached its bound by then or is cut by the wait for convergence.
const OUTAGE_MS = 15_000;
const CONVERGENCE_MS = 30_000;

let mesh: MeshWorld;
let stop: () => Promise<void>;
let loads: Load[];

beforeAll(async () => {
  ({ mesh, stop } = await startMesh({ consulServers: 3 }));
  await mesh.startService({ name: "organization", on: { mesos: 1 } });
  await mesh.startService({ name: "media", on: { cluster: "alpha" } });
  await mesh.cluster("alpha").standIn("organization");
  await mesh.settled();
});
afterAll(() => stop?.());

beforeEach(() => {
  const paced = { connections: 4, pauseMs: 25 };
  const nodes = [0, 1].map((node) => atMesosNode(mesh, node, "organization"));
  const gateways = [0, 1].map((gateway) => atGateway(mesh, gateway, "media"));
  loads = [
    load("mesos", nodes, { service: "organization", ...paced }),
    load("outside", gateways, { service: "media", ...paced }),
    load("kubernetes", [inCluster(mesh, "alpha", "organization")], { service: "organization", ...paced }),
    // A connection for each request: an outage must not be hidden by what was open before.
    load("new", nodes, { service: "organization", ...paced, requestsPerConnection: 1 }),
  ];
});
afterEach(stopLoads);

test("given the agent of a Mesos node is killed, then the node goes on as it was, and follows when it is back", () =>
  outage("agent", [mesh.agents.get(mesh.mesosNode(0).name) as ConsulAgent]));

test("given the agent of the node that hosts the service is killed, then its instances stay, also while it comes back", async () => {
  const host = mesh.mesosNode(1).name;
  const agent = mesh.agents.get(host) as ConsulAgent;
  const { id, service, address, port } = mesh
    .instances("organization")
    .map(({ record }) => record)
    .find(({ where }) => where === host) as InstanceRecord;
  // An agent that comes back calls an instance critical until it has checked it: within an interval, and not at once.
  await agent.client.call("PUT", "/v1/agent/service/register", {
    ...{ ID: id, Name: service, Address: address, Port: port, Tags: ["skyline"] },
    Check: {
      HTTP: `http://${address}:${port}/_demo/health`,
      Interval: "8s",
      Timeout: "1s",
      Status: "passing",
    },
  });
  await mesh.settled();
  const from = Date.now();
  const before = await generations(mesh);
  await agent.kill();
  await waitUntil("Consul misses the agent", () => nodeIs(host, "critical"), { timeoutMs: 60_000 });
  await sleep(OUTAGE_MS / 3);
  expect(await generations(mesh)).toEqual(before);
  await agent.restart();
  await waitUntil("Consul has the agent again", () => nodeIs(host, "passing"), { timeoutMs: 60_000 });
  await mesh.settled();
  expect(await generations(mesh)).toEqual(before);
  // Kubernetes has the service, too: it would have been asked while the instance was out.
  const [mesos, , , fresh] = loads;
  expect([mesos?.answeredBy(from), fresh?.answeredBy(from)]).toEqual([["mesos v1"], ["mesos v1"]]);
  await mesh.startService({ name: "after-host", on: { mesos: 1 } });
  await mesh.settled();
  await outcomesOf(loads);
});

test("given the leader is lost, then all go on as they were, under the next one", async () => {
  const leader = await mesh.consul.leader();
  await outage(
    "leader",
    mesh.servers.filter(({ address }) => leader.startsWith(`${address}:`)),
  );
});

test("given all servers are down, then all go on as they were", () => outage("servers", mesh.servers));

/** Kills these, looks for changes and errors, starts them again, and waits until something new has reached all nodes. */
async function outage(name: string, killed: readonly ConsulAgent[]): Promise<void> {
  await mesh.settled();
  await Promise.all(loads.map((one) => one.requests(50)));
  const before = await generations(mesh);
  await Promise.all(killed.map((agent) => agent.kill()));
  await sleep(OUTAGE_MS);
  expect(await generations(mesh)).toEqual(before);
  await Promise.all(loads.map((one) => one.requests(50)));

  const returned = Date.now();
  await Promise.all(killed.map((agent) => agent.restart()));
  const service = `after-${name}`;
  await mesh.startService({ name: service, on: { mesos: 1 } });
  await Promise.all(
    [0, 1].flatMap((at) => [atMesosNode(mesh, at, service), atGateway(mesh, at, service)]).map(answersHere),
  );
  expect(Date.now() - returned).toBeLessThan(CONVERGENCE_MS);
  const outcomes = await outcomesOf(loads);
  expect(outcomes.length).toBeGreaterThan(1_000);
}

async function nodeIs(name: string, status: string): Promise<void> {
  const checks = await mesh.consul.call<{ CheckID: string; Status: string }[]>(
    "GET",
    `/v1/health/node/${name}`,
  );
  expect(checks.find(({ CheckID }) => CheckID === "serfHealth")?.Status).toBe(status);
}

function answersHere({ endpoint, host, path }: ReturnType<typeof atGateway>): Promise<void> {
  const what = `${endpoint.address}:${endpoint.port} knows ${path("")}`;
  return waitUntil(
    what,
    async () => {
      const connection = await KeptConnection.open(endpoint, 5_000);
      const text = `GET ${path("/")} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const { status, body } = await connection.send(Buffer.from(text), 5_000);
      connection.close();
      if (status !== 200) throw new Error(`${status} ${body.toString()}`);
    },
    { timeoutMs: CONVERGENCE_MS },
  );
}
