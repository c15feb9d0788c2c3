import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { http } from "../../operations/mesh/http";
import { identityOf } from "../../operations/mesh/identity";
import { entrust, release, reserve } from "../../operations/mesh/network";
import { ProcessTable } from "../../operations/mesh/process-table";
import type { MeshWorld } from "../../operations/mesh/world";
import { pause } from "../../operations/processes";
import { builtCli } from "../support/built";
import { startMesh } from "../support/mesh-callers";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

interface Answer {
  readonly service: string;
  readonly where: string;
  readonly version: string;
  readonly path: string;
}

const ask = async (url: string, host?: string): Promise<Answer> => {
  const { status, body } = await http(url, host === undefined ? {} : { headers: { Host: host } });
  if (status !== 200) throw new Error(`${url}: ${status} ${body}`);
  return JSON.parse(body) as Answer;
};

describe("a mesh", () => {
  let mesh: MeshWorld;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ mesh, stop } = await startMesh());
    await mesh.cluster("alpha").standIn("organization");
    await Promise.all([
      mesh.startService({ name: "organization", on: { mesos: 0 } }),
      mesh.startService({ name: "giphy", on: { cluster: "alpha" } }),
    ]);
    await mesh.settled();
  });
  afterAll(() => stop?.());

  test("leads each of the four ways to the service", async () => {
    const service = mesh.cluster("alpha").serviceAddress("organization");
    expect(
      await Promise.all([
        ask(mesh.mesosNode(1).localUrl("organization/a?b=c")),
        ask(mesh.mesosNode(1).localUrl("giphy/a")),
        ask(`http://${service.address}:${service.port}/a`, "organization"),
        ask(mesh.gateway(1).url("organization/a")),
        ask(mesh.gateway(1).url("giphy/a")),
      ]),
    ).toMatchObject([
      { service: "organization", where: "mesos", path: "/a?b=c" },
      { service: "giphy", where: "alpha", path: "/a" },
      { service: "organization", where: "mesos", path: "/a" },
      { service: "organization", where: "mesos" },
      { service: "giphy", where: "alpha" },
    ]);
  });

  test("takes an instance away without a word of it, and gives it back", async () => {
    const instance = await mesh.startService({ name: "passing-by", on: { mesos: 1 } });
    await mesh.settled();
    expect(await ask(mesh.mesosNode(0).localUrl("passing-by/"))).toMatchObject({ where: "mesos" });
    const steps: string[] = [];
    await instance.scaleDown({ onStep: (step) => steps.push(step) });
    expect(steps).toEqual(["deregistered", "unrouted", "drained", "stopped"]);
    expect(mesh.instances("passing-by")).toEqual([]);
    expect((await http(mesh.mesosNode(0).localUrl("passing-by/"))).status).toBeGreaterThanOrEqual(500);
  });

  test("NGINX of a node that is killed leaves no worker behind, and serves again with Consul down", async () => {
    const { nginx, address } = mesh.gateway(0);
    const workers = nginx.children;
    expect(workers.length).toBeGreaterThan(0);
    await nginx.kill();
    expect([nginx.pid, ...workers].map(identityOf)).toEqual([nginx.pid, ...workers].map(() => undefined));
    await expect(http(`http://${address}:5042/`)).rejects.toThrow("ECONNREFUSED");
    await mesh.servers[0]!.kill();
    try {
      await mesh.gateway(0).restartNginx();
      expect(await ask(mesh.gateway(0).url("organization/"))).toMatchObject({ where: "mesos" });
    } finally {
      await mesh.servers[0]!.restart();
      await mesh.servers[0]!.ready();
    }
    expect(await mesh.consul.get("skyline/development/dial")).toContain('"alpha":100');
    await mesh.settled(60_000);
  });

  test("settles with a thousand services, and with registrations that are none", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      node: "made-up",
      address: mesh.mesosNode(0).address,
      service: { Service: `made-up-${index}`, Port: 30_000, Tags: ["skyline"] },
    }));
    const hostile = ["Big", "a b", 'x"};', "kubernetes", "-a", "\u00e4", `${"l".repeat(64)}`].map((name) => ({
      node: "hostile",
      address: mesh.mesosNode(0).address,
      service: { Service: name, Port: 30_000, Tags: ["skyline", '";\n'], Meta: { cluster: "}" } },
    }));
    const started = Date.now();
    await mesh.consul.registerMany([...many, ...hostile]);
    expect(Date.now() - started).toBeLessThan(20_000);
    await mesh.settled(120_000);
    for (const node of mesh.choosers) {
      const names = Object.keys(node.live().model.services);
      expect(names).toHaveLength(1001);
      expect(names.every((name) => /^(made-up-\d+|organization)$/.test(name))).toBe(true);
    }
  });
});

/** What becomes of a new connection with one request that anybody answers, if only with 400. */
const opened = (host: string, port: number) =>
  new Promise<string>((resolve) => {
    const socket = connect({ host, port }, () => socket.write("nonsense\r\n\r\n"));
    socket.on("data", () => {
      resolve("answered");
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("end", () => resolve("ended without an answer"));
  });

describe("a cluster's kube-proxy", () => {
  let mesh: MeshWorld;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ mesh, stop } = await startMesh({ clusters: { alpha: 2 }, mesosNodes: 1, gateways: 1 }));
  });
  afterAll(() => stop?.());

  test("leads new connections to the new owner at once, and leaves established ones", async () => {
    await Promise.all([
      mesh.startService({ name: "moving", on: { cluster: "alpha" }, version: "v2" }),
      mesh.startService({ name: "moving", on: { mesos: 0 } }),
    ]);
    await mesh.cluster("alpha").handover("moving", "mesos");
    await mesh.settled();
    const { address, port } = mesh.cluster("alpha").serviceAddress("moving");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const kept = () =>
      new Promise<string>((resolve, reject) => {
        request({ host: address, port, agent, headers: { Host: "moving" } }, (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () => resolve((JSON.parse(text) as Answer).version));
        })
          .on("error", reject)
          .end();
      });
    expect(await kept()).toBe("v1");
    await mesh.cluster("alpha").handover("moving", "kubernetes");
    expect(await ask(`http://${address}:${port}/`, "moving")).toMatchObject({ version: "v2" });
    expect(await kept()).toBe("v1");
    agent.destroy();
  });

  test("resets no new connection while the owner changes", async () => {
    await Promise.all([
      mesh.startService({ name: "to-and-fro", on: { cluster: "alpha" } }),
      mesh.startService({ name: "to-and-fro", on: { mesos: 0 } }),
    ]);
    const cluster = mesh.cluster("alpha");
    const { address, port } = cluster.serviceAddress("to-and-fro");
    const results = new Map<string, number>();
    let changing = true;
    const caller = async () => {
      while (changing) {
        const result = await opened(address, port);
        results.set(result, (results.get(result) ?? 0) + 1);
      }
    };
    const callers = Array.from({ length: 8 }, caller);
    for (let change = 0; change < 100; change++) {
      await cluster.handover("to-and-fro", change % 2 === 0 ? "mesos" : "kubernetes");
    }
    changing = false;
    await Promise.all(callers);
    expect([...results.keys()]).toEqual(["answered"]);
  });

  test("drops a pod that is dead, and refuses when there is none", async () => {
    const [first, second] = await Promise.all([
      mesh.startService({ name: "two-pods", on: { cluster: "alpha", worker: 0 } }),
      mesh.startService({ name: "two-pods", on: { cluster: "alpha", worker: 1 }, version: "v2" }),
    ]);
    const { address, port } = mesh.cluster("alpha").serviceAddress("two-pods");
    const versions = async () =>
      new Set(
        await Promise.all(
          Array.from({ length: 8 }, async () => (await ask(`http://${address}:${port}/`)).version),
        ),
      );
    expect(await versions()).toEqual(new Set(["v1", "v2"]));
    // That it is dead shows by a connection that it refuses: one may be led there before.
    await first.kill();
    await waitUntil("the other has all", async () => expect(await versions()).toEqual(new Set(["v2"])));
    await second.kill();
    await waitUntil("the Service refuses", () =>
      expect(http(`http://${address}:${port}/`)).rejects.toThrow("ECONNREFUSED"),
    );
    await first.restart();
    await waitUntil("the pod is back", () => ask(`http://${address}:${port}/`));
  });
});

test("with three Consul servers each node has an agent of its own, and a leader may be lost", async () => {
  const { mesh, stop } = await startMesh({
    consulServers: 3,
    clusters: { alpha: 1 },
    mesosNodes: 1,
    gateways: 3,
  });
  try {
    expect([...mesh.agents.keys()]).toEqual([
      "mesos-1",
      "gateway-1",
      "gateway-2",
      "gateway-3",
      "alpha-worker-1",
    ]);
    const leader = await mesh.consul.leader();
    const lost = mesh.servers.find(({ address }) => leader.startsWith(`${address}:`))!;
    await lost.kill();
    await mesh.startService({ name: "late", on: { mesos: 0 } });
    await waitUntil("there is another leader", async () => {
      if ((await mesh.consul.leader()) === leader) throw new Error("none yet");
    });
    // An agent whose registration found no leader tries again after 15 s, and up to as many more.
    const known = async () => {
      const [late] = await mesh.consul.instances("late");
      if (!late?.healthy) throw new Error("not yet");
    };
    await waitUntil("the new leader knows what was registered meanwhile", known, { timeoutMs: 90_000 });
    await mesh.settled(60_000);
    expect(await ask(mesh.gateway(2).url("late/"))).toMatchObject({ where: "mesos" });
  } finally {
    await stop();
  }
  expect(mesh.processes.running()).toEqual([]);
});

describe("processes of a mesh", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-processes-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const sleeper = (name: string) => ({
    name,
    command: "sleep",
    args: ["1000"],
    cwd: folder,
    logFile: join(folder, "sleep.log"),
  });

  test("end with the process that has started them, however that one ends", async () => {
    const table = join(dirname(builtCli()), "..", "operations", "mesh", "process-table.js");
    const script = `
      const { ProcessTable } = require(${JSON.stringify(table)});
      new ProcessTable(${JSON.stringify(folder)}, false)
        .start(${JSON.stringify(sleeper("sleeper"))})
        .then(({ pid }) => console.log(pid));
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise<number>((resolve) =>
      owner.stdout.once("data", (text) => resolve(Number(text))),
    );
    expect(identityOf(pid)).toBeDefined();
    owner.kill("SIGKILL");
    await waitUntil("the sleeper has ended", async () => {
      if (identityOf(pid) !== undefined) throw new Error("it sleeps on");
    });
  });

  test("that are kept go on, and are ended by another run", async () => {
    const { pid } = await new ProcessTable(folder, true).start(sleeper("kept"));
    const later = new ProcessTable(folder, true);
    expect(later.running()).toEqual(["kept"]);
    expect(await later.stopAll()).toEqual(["kept"]);
    expect(identityOf(pid)).toBeUndefined();
  });

  test("a stranger who has got the id of one is left alone", async () => {
    const stranger = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    // The kernel tells start times in hundredths of a second: those of the two are to differ.
    await pause(30);
    const table = new ProcessTable(folder, true);
    await table.start(sleeper("ours"));
    const file = join(folder, "processes.json");
    const [ours] = JSON.parse(readFileSync(file, "utf8")) as { pid: number }[];
    writeFileSync(file, JSON.stringify([{ ...ours, pid: stranger.pid }]));
    try {
      const after = new ProcessTable(folder, true);
      expect(after.running()).toEqual([]);
      expect(await after.stopAll()).toEqual([]);
      await after.kill("ours");
      expect(identityOf(stranger.pid!)).toBeDefined();
    } finally {
      stranger.kill("SIGKILL");
      await table.stopAll();
    }
  });

  test("a program that is not there is told as such", async () => {
    const table = new ProcessTable(folder, true);
    await expect(table.start({ ...sleeper("none"), command: "/no/such/program" })).rejects.toThrow(
      "none: /no/such/program cannot be started",
    );
  });
});

test("two meshes never have the same network, and that of a dead one is free again", async () => {
  const [one, other] = [await reserve(), await reserve()];
  expect([one.x, one.y]).not.toEqual([other.x, other.y]);
  const { stdout } = await promisify(execFile)("sh", ["-c", "echo $$"]);
  const dead = Number(stdout);
  entrust(one, dead);
  const file = join(tmpdir(), `skyline-mesh-${process.getuid?.()}`, `127.${one.x}.${one.y}`);
  expect(existsSync(file)).toBe(true);
  const third = await reserve();
  expect([third.x, third.y]).toEqual([one.x, one.y]);
  release(third, [process.pid]);
  release(other, [1]);
  expect(existsSync(join(dirname(file), `127.${other.x}.${other.y}`))).toBe(true);
  release(other, [process.pid]);
});
