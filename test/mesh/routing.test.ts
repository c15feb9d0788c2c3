import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../operations/local/python";
import { Backend } from "../support/hops-backend";
import { send } from "../support/hops-client";
import { Hops } from "../support/hops";

jest.setTimeout(120_000);

const LONGEST = `a${"-b".repeat(31)}`;
let hops: Hops;
const backends = new Map<string, Backend>();

beforeAll(async () => {
  hops = await Hops.start((net) => ({
    services: {
      foo: [[net.mesosNode(0), 31001, "a"]],
      foobar: [[net.mesosNode(0), 31002, "a"]],
      limited: [[net.mesosNode(0), 31003, "a"]],
      [LONGEST]: [[net.mesosNode(0), 31004, "a"]],
      // In the catalogue, and answered by nobody.
      gone: [[net.mesosNode(0), 31999, "a"]],
      nowhere: [[net.mesosNode(0), 31998, "a"]],
    },
    clusters: { alpha: [[net.worker(0, 0), 5041]] },
    weights: { alpha: 100 },
    settings: { limited: [1, 1, 1, 0, 1], timed: [1, 0.3, 1, 0, null] },
  }));
  const mesos = hops.net.mesosNode(0);
  const start = async (name: string, address: string, port: number) =>
    backends.set(name, await Backend.start(name, address, port));
  await start("foo", mesos, 31001);
  await start("foobar", mesos, 31002);
  await start("limited", mesos, 31003);
  await start(LONGEST, mesos, 31004);
  for (const [index, name] of ["giphy", "gone", "timed"].entries()) {
    await start(name, hops.service(name, index), 8080);
  }
});

afterAll(async () => {
  await Promise.all([...backends.values()].map((backend) => backend.kill()));
  await hops?.stop();
});

beforeEach(() => backends.forEach((backend) => backend.forget()));

const backend = (name: string) => backends.get(name)!;
const unique = () => `test-${Math.random().toString(16).slice(2)}`;

/** The request, and the ways that it took by the logs, in the order of the hops. */
async function traced(url: string, count: number, options: Parameters<typeof send>[1] = {}) {
  const id = unique();
  const answer = await send(url, { ...options, headers: { ...options.headers, "X-Request-Id": id } });
  const lines = await hops.trace(id, count);
  const ways = lines
    .sort((a, b) => Number(a.hop) - Number(b.hop))
    .map(({ listener, service, route, cluster }) => [listener, service, route, cluster].join(" ").trim());
  return { ...answer, ways };
}

describe("the ways of a request", () => {
  test("Mesos to Mesos", async () => {
    const { status, ways } = await traced(`${hops.local()}/service/foo/a/b?c=%2f`, 2);
    expect({ status, ways }).toEqual({ status: 200, ways: ["local foo mesos", "inbound foo mesos"] });
    expect(backend("foo").requests[0]).toMatchObject({ target: "/a/b?c=%2f" });
  });

  test("Mesos to Kubernetes", async () => {
    const { status, ways } = await traced(`${hops.local()}/service/giphy/media`, 3);
    expect(status).toBe(200);
    expect(ways).toEqual([
      ...["local giphy catch-all", "gateway giphy kubernetes alpha", "inbound giphy kubernetes"],
    ]);
  });

  test("Kubernetes to Mesos", async () => {
    const options = { headers: { Host: "foo.default" } };
    const { status, ways } = await traced(`${hops.bridgeOutbound()}/x`, 3, options);
    expect(status).toBe(200);
    expect(ways).toEqual(["outbound foo mesos", "gateway foo mesos", "inbound foo mesos"]);
    expect(backend("foo").requests[0]).toMatchObject({ target: "/x" });
  });

  test("a service that is dead in Mesos is reached in Kubernetes at once, by POST too", async () => {
    const body = "x".repeat(50_000);
    const { status, ways } = await traced(`${hops.local()}/service/gone/x`, 5, { method: "POST", body });
    expect(status).toBe(200);
    expect(ways).toEqual([
      ...["local gone fallback", "inbound gone mesos", "gateway gone fallback alpha", "inbound gone mesos"],
      "inbound gone kubernetes",
    ]);
    expect(backend("gone").requests.map(({ method, bytes }) => [method, bytes])).toEqual([["POST", 50_000]]);
  });

  test("a service that nobody answers for is 503 with a reason", async () => {
    for (const method of ["GET", "POST"]) {
      const { status, body } = await send(`${hops.gateway()}/service/nowhere/x`, { method });
      expect([status, body]).toEqual([503, "skyline: nowhere was not reached: nothing answers for it\n"]);
    }
  });

  test.each([
    ["/service/foo", "foo", "/"],
    ["/service/foo?x", "foo", "/?x"],
    ["/service/foo/", "foo", "/"],
    ["/service/foobar/x", "foobar", "/x"],
    ["/service/limited", "limited", "/"],
    [`/service/${LONGEST}/x`, LONGEST, "/x"],
    [`/service/${LONGEST}`, LONGEST, "/"],
    ["/service/giphy", "giphy", "/"],
    ["/service/timed/x", "timed", "/x"],
    ["/service/timed", "timed", "/"],
  ])("%s is %s's %s", async (path, name, target) => {
    for (const base of [hops.local(), hops.gateway()]) {
      backend(name).forget();
      expect((await send(base + path)).status).toBe(200);
      expect(backend(name).requests.map((request) => request.target)).toEqual([target]);
    }
  });

  test.each([
    "/",
    "/service",
    "/service/",
    "/service/kubernetes/x",
    "/service/skyline-bridge",
    "/service/Foo/x",
  ])("%s is 404", async (path) => {
    for (const base of [hops.local(), hops.gateway(), hops.inbound(), hops.bridgeInbound()]) {
      expect((await send(base + path)).status).toBe(404);
    }
    expect(
      (await send(hops.local() + path, { method: "POST", headers: { "Transfer-Encoding": "chunked" } }))
        .status,
    ).toBe(404);
  });

  test.each(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PURGE"])("%s goes through", async (method) => {
    for (const name of ["foo", "giphy"]) {
      backend(name).forget();
      expect((await send(`${hops.local()}/service/${name}/x`, { method })).status).toBe(200);
      expect(backend(name).requests.map((request) => request.method)).toEqual([method]);
    }
  });
});

describe("bodies that are not kept", () => {
  const large = Buffer.alloc(1_000_000, "x");
  test.each(["foo", "giphy", "timed"])("given a large body for %s, then it comes whole", async (name) => {
    const kinds: Record<string, string>[] = [
      { "Transfer-Encoding": "chunked" },
      { "Content-Length": "1000000" },
    ];
    for (const headers of kinds) {
      const { status, body } = await send(`${hops.local()}/service/${name}/x`, {
        method: "POST",
        headers,
        body: large,
      });
      expect([status, JSON.parse(body)]).toEqual([200, { name, bytes: 1_000_000 }]);
    }
  });

  test("given nobody who takes it in Mesos, then it is not repeated", async () => {
    const { status, body } = await send(`${hops.gateway()}/service/gone/x`, { method: "POST", body: large });
    expect([status, body]).toEqual([503, expect.stringContaining("is not repeated")]);
    expect(backend("gone").begun).toBe(0);
  });
});

describe("settings of a service", () => {
  const slowly = (ms: number) => (_: unknown, response: { end(text: string): void }) =>
    void setTimeout(() => response.end("slow"), ms);

  test("its timeout holds by each way, and what was sent is not repeated", async () => {
    backend("timed").handler = slowly(700);
    for (const base of [hops.gateway()]) {
      const kept: Record<string, string> = {};
      for (const headers of [kept, { "Transfer-Encoding": "chunked" }]) {
        const { status, body } = await send(`${base}/service/timed/x`, {
          method: "POST",
          headers,
          body: "x",
        });
        expect([status, body]).toEqual([504, "skyline: timed has not answered in time\n"]);
      }
    }
    expect(backend("timed").requests).toHaveLength(2);
    backend("timed").handler = undefined;
  });

  test("more requests at once than its limit are 503", async () => {
    backend("limited").handler = slowly(500);
    const both = await Promise.all([1, 2].map(() => send(`${hops.local()}/service/limited/x`)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 503]);
    expect(both.find(({ status }) => status === 503)?.body).toMatch(/limited has as many requests at once/);
    backend("limited").handler = undefined;
  });
});

test("a node says its generation, and a gateway whether it has routes", async () => {
  const health = hops.gateway().replace("5042", "5044");
  expect((await send(`${health}/_skyline/generation`)).body).toBe("0123456789ab\n");
  expect((await send(`${health}/ready`)).status).toBe(200);
  expect((await send(`${health}/metrics`)).status).toBe(200);
});

/** Findings are reviewed that are not high: instances' upstreams have a path, "/", since nothing that reads twofold comes there. */
test("gixy finds nothing high in what is rendered", async () => {
  const { bin } = await pythonEnvironment(join(__dirname, "..", "..", "tools", "python", "gixy"));
  for (const [hop, file] of hops.configurations()) {
    const { stdout } = await promisify(execFile)(join(bin, "gixy"), ["--format", "json", file], {
      cwd: dirname(file),
    }).catch((error: { stdout: string }) => error);
    const findings = JSON.parse(stdout) as { plugin: string; severity: string }[];
    const high = findings.filter(({ severity }) => severity === "HIGH");
    expect([hop, high]).toEqual([hop, []]);
    const known = ["proxy_pass_normalized", "missing_resolver"];
    expect([hop, findings.filter(({ plugin }) => !known.includes(plugin))]).toEqual([hop, []]);
  }
});
