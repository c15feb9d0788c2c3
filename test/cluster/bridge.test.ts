import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { type World, requireNamespaces } from "../support/netns";
import { type DeployedBridge, GATEWAY, deployBridge, startWorld } from "../support/nginx-bridge";
import { BridgeClient } from "../support/nginx-bridge-client";
import { HOSTILE_TARGETS, ODD_TARGETS, SMUGGLING, TOKENS, TWOFOLD } from "../support/nginx-hostile";
import { NginxPod } from "../support/nginx-pod";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

let bridge: DeployedBridge;
let directory: string;
let world: World;
let pod: NginxPod;
let client: BridgeClient;

beforeAll(async () => {
  requireNamespaces();
  directory = await mkdtemp(join(tmpdir(), "skyline-bridge-"));
  bridge = await deployBridge("organization", ["foo", "bar"]);
  world = await startWorld(bridge, directory);
  pod = await start();
  await pod.startUp();
  client = new BridgeClient(world, pod);
});

afterAll(async () => {
  await pod?.stop();
  await world?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

beforeEach(() => world.forget());

const start = (change: Partial<Parameters<typeof NginxPod.start>[0]> = {}) =>
  NginxPod.start({ ...bridge.pod, world, directory, ...change });

describe("the container that the DaemonSet describes", () => {
  test("runs as NGINX' own user, without capabilities or a way to new ones, as the first process of its own", () => {
    const none = "0000000000000000";
    expect(pod.status).toMatchObject({
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none, NoNewPrivs: "1" },
      ...{ Uid: "101\t101\t101\t101", Gid: "101\t101\t101\t101" },
      NSpid: expect.stringMatching(/\t1$/),
    });
  });

  test("sees NGINX, its configuration and a temporary folder, and can write the last alone", () => {
    const own = Object.entries(pod.mounts).filter(([path]) => !/^\/(dev\/|proc$)/.test(path));
    expect(Object.fromEntries(own)).toEqual({
      "/": "ro",
      "/usr/sbin/nginx": "ro",
      "/etc/skyline": "ro",
      "/tmp": "rw",
    });
    expect(readdirSync(`/proc/${pod.pid}/root`).sort()).toEqual(["dev", "etc", "proc", "tmp", "usr"]);
  });

  test("passes its probes", async () => {
    expect(await pod.probe("startupProbe")).toBe(true);
    expect(await pod.probe("readinessProbe")).toBe(true);
    expect(await pod.probe("livenessProbe")).toBe(true);
  });

  test("has a configuration that NGINX finds right", async () => {
    const check = await start({ args: ["-t"] });
    expect([await check.ended, check.log]).toEqual([
      "exited with 0",
      expect.stringContaining("nginx.conf test is successful"),
    ]);
    expect(check.log).not.toMatch(/\[(warn|error|alert|crit|emerg)\]/);
  });

  test("tells its generation", async () => {
    const { body } = await world.send("port-5044", { path: "/_skyline/generation" });
    expect(body).toMatch(/^[0-9a-f]{64}\n$/);
    const texts = bridge.pod.configMaps.flatMap(({ data }) => Object.values(data));
    expect(texts.filter((text) => text.includes(body.trim()))).toHaveLength(1);
  });
});

describe("a container that is not as the DaemonSet describes does not pass", () => {
  // A network of its own, as the ports of the other are taken.
  let elsewhere: World;
  beforeAll(async () => {
    elsewhere = await startWorld(bridge, await mkdtemp(join(directory, "elsewhere-")));
  });
  afterAll(() => elsewhere?.stop());

  const { stringMatching } = expect;
  const spec = () => structuredClone(bridge.pod.spec) as Writable<typeof bridge.pod.spec>;
  const configMaps = (change: (text: string) => string) =>
    bridge.pod.configMaps.map((map) => ({
      ...map,
      data: Object.fromEntries(Object.entries(map.data).map(([file, text]) => [file, change(text)])),
    }));

  async function startUp(change: Partial<Parameters<typeof NginxPod.start>[0]>): Promise<string> {
    const changed = await start({ ...change, world: elsewhere });
    try {
      return await changed.startUp().then(
        () => "it is ready",
        (error: Error) => error.message,
      );
    } finally {
      await changed.stop();
    }
  }

  test("given nothing to write to, then NGINX ends", async () => {
    const changed = spec();
    changed.containers[0]!.volumeMounts = changed.containers[0]!.volumeMounts.filter(
      ({ name }) => name !== "temporary",
    );
    expect(await startUp({ spec: changed })).toEqual(
      stringMatching(/exited with 1.*\/tmp.*Read-only file system/s),
    );
  });

  test("given a configuration that is wrong, then NGINX ends", async () => {
    const broken = configMaps((text) => text.replace("listen 5044;", "listen;"));
    expect(await startUp({ configMaps: broken })).toEqual(
      stringMatching(/exited with 1.*\[emerg\].*listen/s),
    );
  });

  test("given a configuration without the health server, then the probes do not pass", async () => {
    const changed = spec();
    changed.containers[0]!.startupProbe.failureThreshold = 1;
    const deaf = configMaps((text) => text.replace("listen 5044;", "listen 5045;"));
    expect(await startUp({ spec: changed, configMaps: deaf })).toMatch(/the startup probe did not pass/);
  });

  test("given a config map that only its owner may read, then NGINX ends", async () => {
    const changed = spec();
    changed.volumes.find(({ name }) => name === "configuration")!.configMap!.defaultMode = 0o400;
    expect(await startUp({ spec: changed })).toEqual(
      stringMatching(/exited with 1.*nginx\.conf.*Permission denied/s),
    );
  });

  test("given the specification as it is, then it passes here too", async () => {
    expect(await startUp({})).toBe("it is ready");
  });
});

describe("inbound, from the mesh to pods", () => {
  test.each([
    ["/service/foo/endpoint?x=1", "foo", "/endpoint?x=1"],
    ["/service/foo/", "foo", "/"],
    ["/service/foo", "foo", "/"],
    ["/service/foo?x=1", "foo", "/?x=1"],
    ["/service/bar/a/b/", "bar", "/a/b/"],
  ])("%s reaches %s as %s", async (path, service, target) => {
    expect((await client.inbound(path)).status).toBe(200);
    const { address, port, ...request } = await client.theRequest();
    expect({ address, port }).toEqual({ address: bridge.services[service], port: 8080 });
    expect(request).toMatchObject({
      method: "GET",
      target,
      headers: { host: `${service}.default.svc.cluster.local:8080` },
    });
  });

  test("a body goes on whole, with its length or in chunks", async () => {
    const half = "ä".repeat(100_000);
    for (const [name, value] of Object.entries({
      "content-length": "400000",
      "transfer-encoding": "chunked",
    })) {
      await world.forget();
      const headers = { [name]: value };
      await client.inbound("/service/foo/b", headers, { method: "POST", body: [half, half] });
      const request = await client.theRequest();
      expect(request).toMatchObject({ method: "POST", headers });
      expect(request.body === half + half).toBe(true);
    }
  });

  test("a name that no Service has is looked up in the one namespace, and answered with 421: repeat it elsewhere", async () => {
    const longest = `a${"-b".repeat(31)}`;
    for (const name of ["nobody", longest]) {
      const { status, headers } = await client.inbound(`/service/${name}/x`);
      expect([status, headers["x-accel-redirect"]]).toEqual([421, "@again"]);
    }
    const { names, ...rest } = await world.seen();
    expect(rest).toEqual({ requests: [], malformed: [] });
    // The gateways' name is looked up now and then, whatever comes.
    expect(names.filter((name) => name !== "sdb.development.example.internal")).toEqual([
      ...["nobody.default.svc.cluster.local", `${longest}.default.svc.cluster.local`],
    ]);
  });

  test.each([
    ["nothing", {}, "1"],
    ["1", { "X-Skyline-Hop": "1" }, "2"],
    ["2", { "X-Skyline-Hop": "2" }, "3"],
    ["3", { "X-Skyline-Hop": "3" }, "4"],
  ])("hop %s goes on as the next", async (_, headers, next) => {
    expect((await client.inbound("/service/foo", headers)).status).toBe(200);
    expect((await client.theRequest()).headers["x-skyline-hop"]).toBe(next);
    await world.forget();
    expect((await client.outbound("/", headers)).status).toBe(200);
    expect((await client.theRequest()).headers["x-skyline-hop"]).toBe(next);
  });

  test.each(
    ["4", "5", "0", "-1", "01", "1 ", "1,1", "1.0", "one", "999999999999", "\xb2"].map((hop) => [hop]),
  )("hop %j is cut with 508", async (hop) => {
    const headers = `Host: organization\r\nConnection: close\r\nX-Skyline-Hop: ${hop}\r\n`;
    const trimmed = hop === "1 ";
    expect(await client.raw("inbound", "/service/foo", `${headers}\r\n`)).toBe(trimmed ? 200 : 508);
    expect(await client.raw("outbound", "/", `${headers}\r\n`)).toBe(trimmed ? 200 : 508);
    expect(await client.raw("inbound", "/service/foo", `${headers}X-Skyline-Hop: 1\r\n\r\n`)).toBe(508);
    expect((await world.seen()).requests).toHaveLength(trimmed ? 2 : 0);
  });

  test("what clients say of route and name in the mesh does not go on", async () => {
    const spoofed = { "X-Skyline-Route": "mesos", "x-skyline-inbound": "bar", X_Skyline_Inbound: "bar" };
    await client.inbound("/service/foo", spoofed);
    const { headers } = await client.theRequest();
    expect(Object.keys(headers).sort()).toEqual([
      ...["host", "traceparent", "x-request-id", "x-skyline-hop", "x-skyline-inbound"],
    ]);
    expect(headers["x-skyline-inbound"]).toBe("foo");
    await world.forget();
    await client.outbound("/", spoofed);
    expect(Object.keys((await client.theRequest()).headers).sort()).toEqual([
      ...["host", "traceparent", "x-request-id", "x-skyline-hop"],
    ]);
  });

  test("the id of a request goes on, and one that is none is replaced", async () => {
    await client.inbound("/service/foo", { "x-request-id": "7c5f1d3e-0001" });
    expect((await client.theRequest()).headers["x-request-id"]).toBe("7c5f1d3e-0001");
    await world.forget();
    await client.inbound("/service/foo", { "x-request-id": 'a","status":200,"x":"' });
    expect((await client.theRequest()).headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("outbound, from pods to the gateways", () => {
  test.each([
    "organization",
    "organization:8080",
    "organization.default",
    "organization.default.svc",
    "organization.default.svc.cluster.local",
    "organization.default.svc.cluster.local:8080",
    "Organization.Default.SVC.cluster.local.",
  ])("host %s", async (host) => {
    expect((await client.outbound("/endpoint/?x=%2f", { host })).status).toBe(200);
    expect(await client.theRequest()).toMatchObject({
      ...GATEWAY,
      target: "/service/organization/endpoint/?x=%2f",
      headers: { host: "sdb.development.example.internal:5042" },
    });
  });

  test.each([
    ...[
      "organization.kube-system",
      "organization.kube-system.svc.cluster.local",
      "organization.default.svc.local",
    ],
    ...["organization.example.com", "127.0.0.1", "127.0.0.1:5043", "10.0.0.1", "[::1]:5043", "organ_ization"],
    ...["-organization", "organization-", "a".repeat(64), "1organization"],
    // Names that are never routed, whatever a Service of that name selects.
    ...["kubernetes", "kubernetes.default.svc.cluster.local:8080", "skyline-bridge.default"],
  ])("host %j is answered with 404", async (host) => {
    expect(await client.raw("outbound", "/", `Host: ${host}\r\nConnection: close\r\n\r\n`)).toBe(404);
    expect((await world.seen()).requests).toEqual([]);
  });

  test("a target without a path is refused", async () => {
    expect(await client.raw("outbound", "http://organization?x=1")).toBe(400);
    expect((await world.seen()).requests).toEqual([]);
  });

  test("a call of the Service goes through the bridge to the gateways by pooled connections", async () => {
    for (let i = 0; i < 10; i++) expect((await client.outbound("/")).status).toBe(200);
    const connections = new Set((await world.seen()).requests.map(({ connection }) => connection));
    // Two workers, each with its own pool.
    expect(connections.size).toBeLessThanOrEqual(2);
  });

  test("given an inbound request whose name stands for a Mesos service, then it is not sent round in a circle", async () => {
    const { status, body } = await client.inbound("/service/organization/x");
    expect([status, body]).toEqual([503, expect.stringContaining("organization stands for a Mesos service")]);
    const { requests, names } = await world.seen();
    expect(requests).toEqual([]);
    expect(names.filter((name) => name !== "sdb.development.example.internal")).toEqual([
      "organization.default.svc.cluster.local",
    ]);
    // Both passes are told in the log.
    expect(await client.logged("/service/organization/x")).toMatchObject({
      upstream: `${bridge.services.organization}:8080`,
      upstream_status: "503",
    });
    expect(await client.logged("/x")).toMatchObject({
      route: "mesos",
      status: "503",
      upstream: "",
      hop: "2",
    });
  });
});

describe("hostile requests", () => {
  test("the list is long, and each of its targets is another", () => {
    expect(new Set(HOSTILE_TARGETS).size).toBe(HOSTILE_TARGETS.length);
    expect(HOSTILE_TARGETS.length).toBeGreaterThanOrEqual(120);
  });

  test("inbound, each target is refused and reaches nothing", async () => {
    const before = client.accessLog().length;
    const statuses = await client.rawAll("inbound", HOSTILE_TARGETS);
    expect(statuses.filter(([, status]) => status !== 400 && status !== 404)).toEqual([]);
    const { names, ...rest } = await world.seen();
    expect(rest).toEqual({ requests: [], malformed: [] });
    expect(names.filter((name) => name !== "sdb.development.example.internal")).toEqual([]);
    // Nothing at any other port either, where no backend would have seen it.
    const lines = await waitUntil("all are in the log", async () => {
      const found = client.accessLog().slice(before);
      if (found.length < HOSTILE_TARGETS.length) throw new Error(`${found.length} are`);
      return found;
    });
    expect(lines.filter(({ upstream }) => upstream !== "")).toEqual([]);
  });

  test("inbound, odd targets reach the service that they name, and read the same there", async () => {
    for (const [target, read] of Object.entries(ODD_TARGETS)) {
      await world.forget();
      expect([target, await client.raw("inbound", target)]).toEqual([target, 200]);
      const { address, port, target: got, headers } = await client.theRequest();
      expect({ target, address, port, got }).toEqual({
        target,
        address: bridge.services.foo,
        port: 8080,
        got: read,
      });
      expect(Object.keys(headers)).not.toContain("x-evil");
    }
  });

  test("outbound, what goes on stays below the service's own path and reads one way", async () => {
    // An absolute target names the host itself.
    const targets = HOSTILE_TARGETS.filter((target) => !target.startsWith("http"));
    await client.rawAll("outbound", targets);
    const { requests, names, malformed } = await world.seen();
    expect({ names, malformed }).toEqual({ names: expect.any(Array), malformed: [] });
    expect(names.filter((name) => name !== "sdb.development.example.internal")).toEqual([]);
    const paths = requests.map(({ target }) => target.split("?")[0] ?? "");
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !path.startsWith("/service/organization/"))).toEqual([]);
    const below = paths.map((path) => path.slice("/service/organization".length));
    expect(below.filter((path) => TWOFOLD.test(path))).toEqual([]);
  });

  test("inbound, whatever reaches a backend reaches the one that the first segment names, below its root", async () => {
    const services = Object.fromEntries(Object.entries(bridge.services).map(([name, at]) => [at, name]));
    const target = fc.array(fc.constantFrom(...TOKENS), { maxLength: 8 }).map((parts) => parts.join(""));
    const property = fc.asyncProperty(target, async (rest) => {
      await world.forget();
      const status = await client.raw("inbound", `/service/foo${rest}`);
      const { requests, malformed } = await world.seen();
      expect(malformed).toEqual([]);
      for (const { address, target: got, rawHeaders } of requests) {
        expect([services[address], status]).toEqual([/^[^/?]*/.exec(`foo${rest}`)?.[0], 200]);
        expect(got.split("?")[0]).not.toMatch(TWOFOLD);
        expect(rawHeaders.join()).not.toContain("Evil");
      }
    });
    await fc.assert(property, { numRuns: 300, seed: 1 });
  });

  test.each(Object.entries(SMUGGLING))("%s: refused", async (_, rest) => {
    const status = await client.raw("inbound", "/service/foo", `Host: foo\r\nConnection: close\r\n${rest}`);
    expect([400, 501]).toContain(status);
    expect((await world.seen()).requests.length).toBe(0);
  });

  test("a line feed in the first line ends it there: the rest is no header", async () => {
    await client.rawAnswer("inbound", "GET /service/foo/x\nX-Evil: 1 HTTP/1.1\r\nHost: foo\r\n\r\n");
    const { requests } = await world.seen();
    for (const { address, rawHeaders } of requests) {
      expect({ address, evil: rawHeaders.includes("X-Evil") }).toEqual({
        address: bridge.services.foo,
        evil: false,
      });
    }
  });
});

describe("log and end", () => {
  test("each request is a line of JSON", async () => {
    const uri = `/service/foo/log?x="quoted"&y=\\`;
    expect(await client.raw("inbound", uri)).toBe(200);
    const { headers } = await client.theRequest();
    // Cut where it would have to be escaped.
    expect(await client.logged("/service/foo/log?x=(bytes)")).toMatchObject({
      request_id: headers["x-request-id"],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      method: "POST",
      status: "200",
      bytes: expect.any(Number),
      seconds: expect.any(Number),
      route: "kubernetes",
      upstream: `${bridge.services.foo}:8080`,
      upstream_status: "200",
      hop: "1",
    });
    await client.outbound("/log/out");
    expect(await client.logged("/log/out")).toMatchObject({
      route: "mesos",
      upstream: `${GATEWAY.address}:5042`,
    });
  });

  test("a request that makes no sense is a line too, and no warning of NGINX' own", async () => {
    const nextLine = async (listener: "inbound" | "outbound", nonsense: string) => {
      const lines = client.accessLog().length;
      await client.rawAnswer(listener, nonsense);
      // NGINX logs a request when it has closed its connection, which is some time after the answer.
      return waitUntil("it is in the log", async () => {
        const more = client.accessLog().slice(lines);
        expect(more).toHaveLength(1);
        return more[0];
      });
    };
    expect(await nextLine("inbound", "nonsense\r\n\r\n")).toMatchObject({
      uri: "",
      status: "400",
      route: "kubernetes",
    });
    expect(await nextLine("outbound", "GET / HTTP/7.0\r\n\r\n")).toMatchObject({
      uri: expect.anything(),
      status: "505",
      route: "mesos",
    });
    expect(pod.log).not.toMatch(/\[warn\]/);
  });

  test("given a pod that ends, then it takes requests a while longer, answers those in flight, and ends well", async () => {
    const ended = pod.terminate();
    // Until kube-proxy everywhere knows that the pod ends.
    for (let i = 0; i < 20; i++) {
      await sleep(200);
      expect((await client.inbound("/service/foo")).status).toBe(200);
    }
    await world.forget();
    const slow = client.inbound("/service/foo/slow?wait=2500");
    await waitUntil("the backend has it", async () => expect((await world.seen()).requests).toHaveLength(1));
    expect((await slow).status).toBe(200);
    expect(await ended).toBe("exited with 0");
    await expect(client.inbound("/service/foo")).rejects.toThrow();
    expect(await pod.probe("livenessProbe")).toBe(false);
  });
});

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;
