import { Backend } from "../support/hops-backend";
import { type HopsAnswer, send } from "../support/hops-client";
import { Hops } from "../support/hops";

jest.setTimeout(180_000);

let hops: Hops;
/** Of the service three: one a node. */
let three: Backend[] = [];
/** Of the service pair: two of which one is dead, and no Kubernetes version. */
let pair: Backend;
/** Of the service own: one instance lives on a node, and one is dead. */
let own: Backend;
/** Like three. */
let sent: Backend[] = [];
let pod: Backend;
/** One a node, of four. */
let four: Backend[] = [];
/** With settings that have nothing repeated: in Mesos, and in Kubernetes. */
let never: Backend[] = [];
let neverPod: Backend;

beforeAll(async () => {
  hops = await Hops.start(
    (net) => ({
      services: {
        three: [0, 1, 2].map((node) => [net.mesosNode(node), 31001, `n${node}`] as const),
        four: [0, 1, 2, 3].map((node) => [net.mesosNode(node), 31007, `n${node}`] as const),
        never: [0, 1, 2].map((node) => [net.mesosNode(node), 31008, `n${node}`] as const),
        sent: [0, 1, 2].map((node) => [net.mesosNode(node), 31006, `n${node}`] as const),
        pair: [0, 1].map((node) => [net.mesosNode(node), 31002, `n${node}`] as const),
        own: [31003, 31004].map((port) => [net.mesosNode(0), port, "n0"] as const),
      },
      clusters: { alpha: [[net.worker(0, 0), 5041]] },
      weights: { alpha: 100 },
      settings: { never: [1, 60, 60, 0, null], "never-pod": [1, 60, 60, 0, null] },
    }),
    4,
  );
  const { net } = hops;
  three = await Promise.all([0, 1, 2].map((node) => Backend.start("three", net.mesosNode(node), 31001)));
  sent = await Promise.all([0, 1, 2].map((node) => Backend.start("sent", net.mesosNode(node), 31006)));
  pair = await Backend.start("pair", net.mesosNode(1), 31002);
  own = await Backend.start("own", net.mesosNode(0), 31004);
  four = await Promise.all([0, 1, 2, 3].map((node) => Backend.start("four", net.mesosNode(node), 31007)));
  never = await Promise.all([0, 1, 2].map((node) => Backend.start("never", net.mesosNode(node), 31008)));
  neverPod = await Backend.start("never-pod", hops.service("never-pod", 2), 8080);
  pod = await Backend.start("pod", hops.service("pod", 0), 8080);
});

afterAll(async () => {
  await Promise.all(
    [...three, ...four, ...sent, ...never, neverPod, pair, own, pod].map((backend) => backend?.kill()),
  );
  await hops?.stop();
});

beforeEach(() => {
  for (const backend of [...three, ...four, ...sent, ...never, neverPod, pair, own, pod]) {
    backend.forget();
    backend.handler = undefined;
  }
});

/** Requests one after another on a few connections; those that broke have status 0. */
async function many(url: string, count: number, options: Parameters<typeof send>[1] = {}) {
  const answers: HopsAnswer[] = [];
  const broken = { status: 0, body: "", headers: {} };
  for (let at = 0; at < count; at += 4) {
    const some = [0, 1, 2, 3].map(() => send(url, options).catch(() => broken));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}
const begunBy = (all: readonly Backend[]) => all.reduce((sum, { begun }) => sum + begun, 0);
const good = (answers: readonly HopsAnswer[]) => answers.filter(({ status }) => status === 200).length;

describe("an instance that is dead, of several", () => {
  test("given no Kubernetes version, then no request fails, whatever its method", async () => {
    for (const method of ["GET", "POST", "PATCH"]) {
      for (const base of [hops.local(), hops.local(2), hops.gateway()]) {
        const body = method === "GET" ? undefined : "x";
        expect(good(await many(`${base}/service/pair/x`, 40, { method, body }))).toBe(40);
      }
    }
  });

  test("given the other on the same node, then no request fails, with a body that is not kept either", async () => {
    const options = { method: "POST", body: Buffer.alloc(200_000) };
    for (const base of [hops.local(), hops.gateway()]) {
      expect(good(await many(`${base}/service/own/x`, 20, options))).toBe(20);
    }
    expect(own.requests).toHaveLength(40);
  });
});

describe("one bad of three instances", () => {
  const overload: Backend["handler"] = (_, response) => {
    response.statusCode = 503;
    response.end("overloaded");
  };

  test("given that it answers 503, then of 1,000 requests 995 are good, and the first answers come from others", async () => {
    three[0]!.handler = overload;
    const answers = await many(`${hops.local(1)}/service/three/x`, 1000);
    expect(good(answers)).toBeGreaterThanOrEqual(995);
    const total = three.reduce((sum, { requests }) => sum + requests.length, 0);
    expect(total).toBeLessThanOrEqual(1200);
  });

  test("given that it resets connections, then of 1,000 requests 995 are good", async () => {
    three[0]!.handler = (request) => request.socket.destroy();
    const answers = await many(`${hops.gateway()}/service/three/x`, 1000);
    expect(good(answers)).toBeGreaterThanOrEqual(995);
  });

  test("given that half of four answer 503, then of 1,000 requests the backends see 1,200 at most", async () => {
    four[0]!.handler = overload;
    four[2]!.handler = overload;
    const answers = await many(`${hops.gateway()}/service/four/x`, 1000);
    expect(answers).toHaveLength(1000);
    const total = four.reduce((sum, { requests }) => sum + requests.length, 0);
    expect(total).toBeGreaterThanOrEqual(1000);
    expect(total).toBeLessThanOrEqual(1200);
  });

  test("given that all fail, then a client's request is at most two of the backends'", async () => {
    for (const backend of three) backend.handler = overload;
    await many(`${hops.local(2)}/service/three/x`, 100);
    const total = three.reduce((sum, { requests }) => sum + requests.length, 0);
    expect(total).toBeLessThanOrEqual(200);
  });
});

describe("what was sent", () => {
  const dies: Backend["handler"] = (request) => request.socket.destroy();

  test.each(["POST", "PATCH", "LOCK"])("a %s is never repeated", async (method) => {
    for (const backend of [...sent, pod]) backend.handler = dies;
    for (const base of [hops.local(), hops.gateway()]) {
      for (const name of ["sent", "pod"]) {
        const all = name === "pod" ? [pod] : sent;
        all.forEach((backend) => backend.forget());
        const { status, body } = await send(`${base}/service/${name}/x`, { method, body: "x" });
        const begun = begunBy(all);
        expect([base, name, status, body, begun]).toEqual([
          ...[base, name, 502, `skyline: ${name} has not answered\n`, 1],
        ]);
      }
    }
  });

  test("a POST that is answered with 503 is not repeated, nor is its answer changed", async () => {
    pod.handler = (_, response) => {
      response.statusCode = 503;
      response.end("own");
    };
    const { status, body } = await send(`${hops.local()}/service/pod/x`, { method: "POST", body: "x" });
    expect([status, body, pod.begun]).toEqual([503, "own", 1]);
  });

  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])(
    "what was sent by %s is repeated once, at one hop",
    async (method) => {
      for (const base of [hops.local(), hops.gateway()]) {
        for (const [name, all] of [
          ["pod", [pod]],
          ["sent", sent],
        ] as const) {
          for (const backend of all) backend.handler = dies;
          all.forEach((backend) => backend.forget());
          const { status } = await send(`${base}/service/${name}/x`, { method });
          const begun = begunBy(all);
          expect([base, name, status, begun]).toEqual([base, name, 502, 2]);
        }
      }
    },
  );

  test("given settings without repeats, then nothing that was sent is repeated", async () => {
    for (const backend of [...never, neverPod]) backend.handler = dies;
    for (const base of [hops.local(), hops.gateway()]) {
      for (const [name, all] of [
        ["never-pod", [neverPod]],
        ["never", never],
      ] as const) {
        all.forEach((backend) => backend.forget());
        const { status } = await send(`${base}/service/${name}/x`);
        const begun = begunBy(all);
        expect([base, name, status, begun]).toEqual([base, name, 502, 1]);
      }
    }
  });
});

test("a loop is cut at its fourth hop", async () => {
  // The Service of the name leads back to the gateway.
  const gateway = hops.net.gateway(0);
  const loop = await Backend.start("loop", hops.service("loop", 1), 8080, (request, response) => {
    const headers = { "X-Skyline-Hop": String(request.headers["x-skyline-hop"]) };
    void send(`http://${gateway}:5042/service/loop/x`, { headers }).then((answer) => {
      response.statusCode = answer.status;
      response.end(answer.body);
    });
  });
  const { status, body } = await send(`${hops.gateway()}/service/loop/x`);
  expect([status, body]).toEqual([508, "skyline: the request has passed too many hops\n"]);
  expect(loop.begun).toBeLessThanOrEqual(2);
  await loop.kill();
});
