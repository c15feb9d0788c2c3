import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Backend } from "../support/hops-backend";
import { sendBytes, statusOf } from "../support/hops-client";
import { Hops } from "../support/hops";
import { HOSTILE_TARGETS, ODD_TARGETS, SMUGGLING, TOKENS, TWOFOLD } from "../support/nginx-hostile";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

let hops: Hops;
let backends: Backend[] = [];

beforeAll(async () => {
  hops = await Hops.start((net) => ({
    services: { mesos: [[net.mesosNode(0), 31001, "a"]] },
    clusters: { alpha: [[net.worker(0, 0), 5041]] },
    weights: { alpha: 100 },
  }));
  backends = await Promise.all([
    Backend.start("mesos", hops.net.mesosNode(0), 31001),
    ...["foo", "bar"].map((name, index) => Backend.start(name, hops.service(name, index), 8080)),
  ]);
});

afterAll(async () => {
  await Promise.all(backends.map((backend) => backend.kill()));
  await hops?.stop();
});

beforeEach(() => {
  backends.forEach((backend) => backend.forget());
  hops.asked.length = 0;
});

const seen = () =>
  backends.flatMap(({ name, requests }) => requests.map((request) => ({ name, ...request })));
const malformed = () => backends.flatMap((backend) => backend.malformed);
const PERIODIC = "sdb.test.internal";

/** All but what a hop's configuration names itself: nodes, the gateway, the worker and the Services in the one namespace. */
async function strangeUpstreams(): Promise<string[]> {
  const { net } = hops;
  const known = new Set([
    ...[
      `${net.mesosNode(0)}:5041`,
      `${net.mesosNode(0)}:31001`,
      `${net.gateway(0)}:5042`,
      `${net.worker(0, 0)}:5041`,
    ],
    ...[0, 1].map((index) => `${net.service(0, index)}:8080`),
  ]);
  await sleep(1_100);
  const all = hops.lines().flatMap(({ upstream }) => String(upstream).split(/[,:]? +:? */));
  return [...new Set(all)].filter((upstream) => upstream !== "" && !known.has(upstream));
}

const inBatches = async <T>(all: readonly T[], work: (one: T) => Promise<void>) => {
  for (let at = 0; at < all.length; at += 8) await Promise.all(all.slice(at, at + 8).map(work));
};

const doors = {
  "the local proxy": () => hops.local(),
  "the destination proxy": () => hops.inbound(),
  "the gateway": () => hops.gateway(),
  "the bridge, inbound": () => hops.bridgeInbound(),
};

/** Of the same kind, for a service in Mesos. */
const MESOS_TARGETS = HOSTILE_TARGETS.filter((target) => target.startsWith("/service/foo")).map((target) =>
  target.replace("/service/foo", "/service/mesos"),
);

describe.each(Object.entries(doors))("hostile targets at %s", (_, door) => {
  const targets = [...HOSTILE_TARGETS, ...MESOS_TARGETS];

  test("each is refused, reaches nobody, and leads nowhere", async () => {
    expect(new Set(targets).size).toBeGreaterThanOrEqual(200);
    const passed: unknown[] = [];
    await inBatches(targets, async (target) => {
      const status = await statusOf(door(), target);
      if (status !== 400 && status !== 404) passed.push([target, status]);
    });
    expect(passed).toEqual([]);
    expect({ seen: seen(), malformed: malformed() }).toEqual({ seen: [], malformed: [] });
    expect(hops.asked.filter((name) => name !== PERIODIC)).toEqual([]);
    expect(await strangeUpstreams()).toEqual([]);
  });
});

describe("through all hops", () => {
  test.each(["mesos", "foo"])("odd targets reach %s and read the same there", async (name) => {
    for (const [target, read] of Object.entries(ODD_TARGETS)) {
      // A raw byte goes on as it came to Mesos, where the tests' application refuses it as most do.
      if (name === "mesos" && /[^\x20-\x7e]/.test(target)) continue;
      backends.forEach((backend) => backend.forget());
      const named = target.replace("/service/foo", `/service/${name}`);
      expect([named, await statusOf(hops.local(), named)]).toEqual([named, 200]);
      const [request, ...more] = seen();
      expect(more).toEqual([]);
      // The last hops may differ in what they escape, and not in what it says.
      const plain = (text: string) => Buffer.from(unescape(text), "latin1").toString("latin1");
      expect([named, request?.name, plain(request?.target ?? "")]).toEqual([named, name, plain(read)]);
    }
  });

  test("whatever reaches a backend reaches the one that the first segment names, below its root", async () => {
    const target = fc.array(fc.constantFrom(...TOKENS), { maxLength: 8 }).map((parts) => parts.join(""));
    const property = fc.asyncProperty(target, fc.constantFrom("mesos", "foo"), async (rest, name) => {
      backends.forEach((backend) => backend.forget());
      const status = await statusOf(hops.local(), `/service/${name}${rest}`);
      expect(malformed()).toEqual([]);
      for (const request of seen()) {
        expect([request.name, status]).toEqual([/^[^/?]*/.exec(`${name}${rest}`)?.[0], 200]);
        expect(request.target.split("?")[0]).not.toMatch(TWOFOLD);
        expect(request.rawHeaders.join()).not.toContain("Evil");
      }
    });
    await fc.assert(property, { numRuns: 200, seed: 1 });
    expect(await strangeUpstreams()).toEqual([]);
  });

  const HOSTS = [
    ...[
      "bar",
      "bar.default.svc.cluster.local:8080",
      "kubernetes",
      "169.254.169.254",
      "127.0.0.1:8500",
      "[::1]",
    ],
    ...[
      "foo@bar",
      "a b",
      "bar\tfoo",
      "$host",
      "bar/service/kubernetes",
      "%0d%0aX-Evil:1",
      "..",
      "-",
      "_",
      "",
      "\xff",
    ],
  ];
  test.each(["mesos", "foo"])("a hostile host changes nothing for %s", async (name) => {
    for (const host of HOSTS) {
      backends.forEach((backend) => backend.forget());
      const status = await statusOf(
        hops.local(),
        `/service/${name}/x`,
        `Host: ${host}\r\nConnection: close\r\n\r\n`,
      );
      const hosts = seen().map((request) => [request.name, request.headers.host]);
      const own = name === "mesos" ? "mesos" : "foo.default.svc.cluster.local:8080";
      expect([host, hosts]).toEqual([host, status === 400 ? [] : [[name, own]]]);
    }
    expect(
      hops.asked.filter((asked) => asked !== PERIODIC && asked !== "foo.default.svc.cluster.local"),
    ).toEqual([]);
    expect(await strangeUpstreams()).toEqual([]);
  });

  const HEADERS = [
    ...[
      "X-Accel-Redirect: @again",
      "X-Accel-Redirect: /service/bar/x",
      "X-Accel-Buffering: yes",
      "X-Evil : 1",
    ],
    ...[
      "X-Skyline-Inbound: foo",
      "X-Skyline-Route: bar",
      "X-Skyline-Service: bar",
      "X-Skyline-Hop: 3",
      "X_Skyline_Hop: 4",
    ],
    ...[
      'X-Request-Id: a" "b',
      "X-Request-Id: \xff",
      "traceparent: 00-x",
      "traceparent: \x01",
      "Forwarded: for=1.2.3.4",
    ],
    ...[
      "X-Forwarded-Host: bar",
      "X-Original-URL: /service/bar",
      "X-Rewrite-URL: /service/bar",
      "Upgrade: h2c",
      "TE: trailers",
    ],
    ...[
      "Connection: close, X-Request-Id",
      "Keep-Alive: 5",
      "Proxy: http://bar",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    ],
    ...[
      "Content-Length: 0",
      "X-Long: " + "x".repeat(7000),
      "Expect: 200-ok",
      "Range: bytes=0-0",
      ": x",
      "X-Null: a\0b",
    ],
  ];
  test.each(["mesos", "foo"])(
    "a hostile header neither leads elsewhere than to %s nor adds one",
    async (name) => {
      for (const header of HEADERS) {
        backends.forEach((backend) => backend.forget());
        const rest = `Host: localhost\r\n${header}\r\nConnection: close\r\n\r\n`;
        const status = await statusOf(hops.local(), `/service/${name}/x`, rest);
        const found = seen();
        expect([header, found.map((request) => request.name)]).toEqual([
          header,
          [400, 417].includes(status) ? [] : [name],
        ]);
        const names = found
          .flatMap(({ headers }) => Object.keys(headers))
          .filter((key) => /evil|skyline|forwarded/.test(key));
        const own = name === "mesos" ? ["x-skyline-hop"] : ["x-skyline-hop", "x-skyline-inbound"];
        expect([header, names.sort()]).toEqual([header, found.length === 0 ? [] : own]);
      }
      expect(await strangeUpstreams()).toEqual([]);
    },
  );

  test.each(Object.entries(SMUGGLING))("%s: refused", async (_, rest) => {
    for (const name of ["mesos", "foo"]) {
      const answer = await sendBytes(
        hops.local(),
        `POST /service/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (400|501)/);
    }
    expect({ seen: seen(), malformed: malformed() }).toEqual({ seen: [], malformed: [] });
  });

  test("an application's X-Accel-Redirect leads nowhere, and is not passed on", async () => {
    for (const backend of backends) {
      backend.handler = (_, response) => {
        response.setHeader("X-Accel-Redirect", "@again");
        response.setHeader("X-Accel-Limit-Rate", "1");
        response.statusCode = 421;
        response.end("own");
      };
    }
    for (const name of ["mesos", "foo"]) {
      const answer = await sendBytes(
        hops.local(),
        `GET /service/${name}/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 421 [^]*own/);
      expect(answer).not.toMatch(/x-accel/i);
    }
    expect(seen()).toHaveLength(2);
    for (const backend of backends) backend.handler = undefined;
  });

  test("each line of the logs is JSON, whatever a request holds", async () => {
    await statusOf(
      hops.local(),
      `/service/foo/\xff"\\`,
      `Host: x\r\nX-Request-Id: \xff\r\nConnection: close\r\n\r\n`,
    );
    await waitUntil("it is in the log", async () => {
      if (!hops.lines().some(({ uri }) => uri === "/service/foo/(bytes)")) throw new Error("it is not");
    });
  });
});
