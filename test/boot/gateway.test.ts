import { ports, registry } from "../../environment/naming";
import { BootMesh, LEAVE_HOOK } from "../support/boot-mesh";
import type { Launched } from "../support/boot-world";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

/** Of the one service in Mesos. */
const SERVICE_PORT = 31001;

let mesh: BootMesh;
let gateway: Launched;
let node: Launched;
const shown = (work: () => Promise<void>) => () => mesh.showing(work);

beforeAll(async () => {
  mesh = await BootMesh.start();
  await mesh.showing(async () => {
    await mesh.up();
    await mesh.launchWorker();
    gateway = await mesh.launchGateway();
    node = await mesh.launchMesosNode(SERVICE_PORT);
  });
  // Making the images takes minutes, where no other test has made them yet.
}, 20 * 60_000);

afterAll(() => mesh?.stop(), 60_000);

const curl = (url: string) => ["curl", "--silent", "--max-time", "5", "--write-out", " %{http_code}", url];
const get = (port: number, path: string, host = gateway.instance.address) =>
  mesh.world.run(curl(`http://${host}:${port}${path}`));
/** As a caller outside, by the balancer. */
const call = (path: string) => get(ports.gateway, path, mesh.world.balancerAddress);
/** As a program on the Mesos node. */
const callOnNode = (path: string) =>
  node.machine.read(...curl(`http://localhost:${ports.localProxy}${path}`));
const answered = (where: string, path: string) => `${where} ${path} 200`;
const until = (what: string, ask: () => Promise<string>, expected: string) =>
  waitUntil(what, async () => expect(await ask()).toBe(expected), { timeoutMs: 60_000 });
const nodes = async () =>
  (await mesh.value<{ Node: string }[]>(mesh.servers[0]!, "/v1/catalog/nodes")).map(({ Node }) => Node);
const usersOf = async ({ machine }: Launched) => [
  ...new Set(
    (await machine.read("ps", "-o", "user:32=", "-C", "nginx,consul-template,python3")).split(/\s+/),
  ),
];

/** Writes the rendered catalogue with one more service, as consul-template would: whole, and beside its place first. */
const ADD_SERVICE = `
import json, os, sys
path = "/var/lib/skyline/mesh/staging/catalogue.jsonl"
with open(path) as file:
    documents = [json.loads(line) for line in file if line.strip()]
instance = {"node": "n", "address": sys.argv[2], "port": 31002, "id": "1"}
documents.insert(-1, {"service": sys.argv[1], "instances": [instance]})
documents[-1]["end"] += 1
with open(path + ".new", "w") as file:
    file.writelines(json.dumps(document) + "\\n" for document in documents)
os.chmod(path + ".new", os.stat(path).st_mode)
os.chown(path + ".new", os.stat(path).st_uid, os.stat(path).st_gid)
os.rename(path + ".new", path)
`;

describe("a gateway", () => {
  test(
    "joins the servers and is taken in by its balancer, once it has routes",
    shown(async () => {
      await waitUntil("it is registered", async () =>
        expect(await nodes()).toContain(`gateway-${gateway.instance.id}`),
      );
      await waitUntil("the balancer takes it in", async () =>
        expect(await mesh.world.health()).toMatchObject([{ healthy: true }]),
      );
      expect(await get(ports.health, "/health")).toBe("ok\n 200");
      expect(await gateway.machine.failedUnits()).toEqual([]);
    }),
  );

  test(
    "without a dial sends to the cluster that the registry calls active, and asks for nothing else",
    shown(async () => {
      await until(
        "a worker answers",
        () => call("/service/giphy/media?q=1"),
        answered("worker", "/service/giphy/media?q=1"),
      );
      const asked = await mesh.callsOf(gateway, "GetParameter");
      expect(asked.map(({ body }) => JSON.parse(body) as object)).toEqual([
        { Name: registry.active("booted") },
      ]);
    }),
  );

  test(
    "runs as a user that may change nothing of its own programs and settings",
    shown(async () => {
      expect(await usersOf(gateway)).toEqual(expect.arrayContaining(["skyline-mesh"]));
      const { stdout } = await gateway.machine.run(
        ...["setpriv", "--reuid=skyline-mesh", "--regid=skyline-mesh", "--clear-groups", "sh", "-c"],
        "find /usr /etc -writable -not -type l | head",
      );
      expect(stdout).toBe("");
    }),
  );

  test(
    "tells its generation and its metrics, and logs what it has served",
    shown(async () => {
      expect(await get(ports.health, "/_skyline/generation")).toMatch(/^[0-9a-f]{12}\n 200$/);
      await waitUntil("there are metrics", async () => {
        const metrics = await get(ports.health, "/metrics");
        expect(metrics).toMatch(/^skyline_generation_info\{.*\} 1$/m);
        expect(metrics).toMatch(/^skyline_requests_total\{.*giphy.*\} [1-9]/m);
      });
      const log = await gateway.machine.read("tail", "-n1", "/var/log/skyline/mesh/access.log");
      expect(JSON.parse(log)).toMatchObject({ service: "giphy", cluster: "alpha", status: "200" });
    }),
  );
});

describe("a catalogue that was rendered, and that no command has applied", () => {
  const TEMPLATE = "skyline-template.service";
  const generation = () => get(ports.health, "/_skyline/generation");

  test(
    "is applied by the timer",
    shown(async () => {
      const before = await generation();
      // Nobody renders meanwhile, and so nobody but the timer applies.
      await gateway.machine.read("systemctl", "stop", TEMPLATE);
      try {
        await gateway.machine.read("python3", "-c", ADD_SERVICE, "staged", node.instance.address);
        await waitUntil("the service has a route", async () => {
          expect(await generation()).not.toBe(before);
          const live = await gateway.machine.read("cat", "/var/lib/skyline/mesh/live/model.json");
          expect(JSON.parse(live)).toMatchObject({ services: { staged: [{}] } });
        });
        const { stdout } = await gateway.machine.run("systemctl", "is-active", TEMPLATE);
        expect(stdout).toBe("inactive\n");
      } finally {
        await gateway.machine.read("systemctl", "start", TEMPLATE);
      }
      await until("what Consul knows is served again", generation, before);
    }),
  );
});

describe("a Mesos node", () => {
  const register = (method: "register" | "deregister/organization-1", body?: object) =>
    mesh.ask(node, "PUT", `/v1/agent/service/${method}`, {
      token: mesh.token("mesos-services.token"),
      body: body && JSON.stringify(body),
    });

  test(
    "joins the servers, and its local proxy leads to Kubernetes by the gateways",
    shown(async () => {
      await waitUntil("it is registered", async () =>
        expect(await nodes()).toContain(`mesos-${node.instance.id}`),
      );
      await until(
        "a worker answers",
        () => callOnNode("/service/giphy/media"),
        answered("worker", "/service/giphy/media"),
      );
      expect(await node.machine.failedUnits()).toEqual([]);
      expect(await usersOf(node)).toEqual(expect.arrayContaining(["skyline-mesh"]));
    }),
  );

  test(
    "given that a service on it is registered and healthy, it is reached from the node and from outside",
    shown(async () => {
      const { status } = await register("register", {
        ...{ ID: "organization-1", Name: "organization", Port: SERVICE_PORT, Tags: ["skyline"] },
        Check: { HTTP: `http://127.0.0.1:${SERVICE_PORT}/`, Interval: "1s", Timeout: "1s" },
      });
      expect(status).toBe(200);
      const expected = answered("mesos", "/members?of=1");
      await until("from outside", () => call("/service/organization/members?of=1"), expected);
      await until("from the node", () => callOnNode("/service/organization/members?of=1"), expected);
    }),
  );

  test(
    "given that its agent reloads and is then restarted, the service stays registered, and a wrong configuration is refused",
    shown(async () => {
      const registered = async () => {
        const path = "/v1/catalog/service/organization";
        const entries = await mesh.value<{ CreateIndex: number }[]>(mesh.servers[0]!, path);
        return entries.map(({ CreateIndex }) => CreateIndex);
      };
      const systemctl = (command: string) => node.machine.run("systemctl", command, "consul.service");
      const before = await registered();
      expect(before).toHaveLength(1);
      expect(await systemctl("reload")).toMatchObject({ code: 0 });
      const wrong = "/etc/consul.d/wrong.json";
      await node.machine.read("sh", "-c", `echo '{ "datacentre": 7 }' >${wrong}`);
      expect(await systemctl("reload")).toMatchObject({ code: 1 });
      await node.machine.read("rm", wrong);
      expect(await systemctl("restart")).toMatchObject({ code: 0 });
      const asked = { token: mesh.token() };
      await waitUntil("the new agent has asked the service", async () =>
        expect(
          await mesh.ask(node, "GET", "/v1/agent/health/service/id/organization-1", asked),
        ).toMatchObject({ status: 200 }),
      );
      expect(await registered()).toEqual(before);
    }),
  );

  test(
    "given that the service is scaled to zero, its requests go to Kubernetes",
    shown(async () => {
      expect((await register("deregister/organization-1")).status).toBe(200);
      await until(
        "from outside",
        () => call("/service/organization/members"),
        answered("worker", "/service/organization/members"),
      );
    }),
  );

  test(
    "may register no worker, to whom the requests of every unknown name would go",
    shown(async () => {
      const worker = { Name: "kubernetes-worker", Port: 5041, Meta: { cluster: "alpha" } };
      expect((await register("register", worker)).status).toBe(403);
    }),
  );
});

test(
  "given that it is to terminate, a gateway serves until the balancer has taken it out, leaves Consul and lets go",
  shown(async () => {
    await mesh.world.setLifecycle(gateway, "Terminated");
    await waitUntil("the balancer takes it out", async () =>
      expect(await mesh.world.health()).toMatchObject([{ healthy: false, reason: "/ready answered 503" }]),
    );
    expect(await get(ports.gateway, "/service/giphy/media")).toBe(answered("worker", "/service/giphy/media"));
    await mesh.completed(gateway, LEAVE_HOOK);
    for (const unit of ["skyline-nginx", "skyline-template", "skyline-apply.timer", "consul"]) {
      const { stdout } = await gateway.machine.run("systemctl", "is-active", unit);
      expect(`${unit} ${stdout}`).toBe(`${unit} inactive\n`);
    }
    await waitUntil("it is no longer registered", async () =>
      expect(await nodes()).not.toContain(`gateway-${gateway.instance.id}`),
    );
  }),
);
