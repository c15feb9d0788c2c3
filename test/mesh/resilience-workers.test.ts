import { ports } from "../../environment/naming";
import { Backend } from "../support/hops-backend";
import { type HopsAnswer, type HopsRequest, send } from "../support/hops-client";
import { Hops } from "../support/hops";

jest.setTimeout(120_000);

// A cluster with two workers, and so two bridges that lead to the same pod.
let hops: Hops;
let pod: Backend;
/** With settings that have nothing repeated. */
let never: Backend;

beforeAll(async () => {
  hops = await Hops.start(
    (net) => ({
      clusters: { alpha: [0, 1].map((at) => [net.worker(0, at), ports.inbound] as const) },
      weights: { alpha: 100 },
      settings: { never: [1, 60, 60, 0, null] },
    }),
    1,
    2,
  );
  pod = await Backend.start("pod", hops.service("pod", 0), 8080);
  never = await Backend.start("never", hops.service("never", 1), 8080);
});

afterAll(async () => {
  await Promise.all([pod?.kill(), never?.kill()]);
  await hops?.stop();
});

beforeEach(() => {
  for (const backend of [pod, never]) {
    backend.forget();
    backend.handler = undefined;
  }
});

const entrances = () => [hops.local(), hops.gateway()];
const dies: Backend["handler"] = (request) => request.socket.destroy();

async function many(count: number, url: string, options: HopsRequest): Promise<HopsAnswer[]> {
  const answers: HopsAnswer[] = [];
  for (let at = 0; at < count; at++) answers.push(await send(url, options));
  return answers;
}
const statuses = (answers: readonly HopsAnswer[]) => [...new Set(answers.map(({ status }) => status))];

describe("a pod that dies with a request", () => {
  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])(
    "a %s is repeated once, at the other worker",
    async (method) => {
      pod.handler = dies;
      for (const [at, base] of entrances().entries()) {
        pod.forget();
        const id = `${method}-${at}`;
        const { status } = await send(`${base}/service/pod/x`, { method, headers: { "X-Request-Id": id } });
        expect([base, status, pod.begun]).toEqual([base, 502, 2]);
        // Of each hop one, and the bridges are two.
        const lines = await hops.trace(id, at === 0 ? 4 : 3);
        expect(lines.filter(({ listener }) => listener === "inbound")).toHaveLength(2);
        for (const bridge of ["bridge", "bridge-1"])
          expect(hops.lines(bridge).filter(({ request_id }) => request_id === id)).toHaveLength(1);
      }
    },
  );

  test("given that it answers the second time, then a GET is good", async () => {
    for (const base of entrances()) {
      pod.forget();
      pod.handler = (request, response) =>
        pod.begun === 1 ? request.socket.destroy() : response.end("second");
      const { status, body } = await send(`${base}/service/pod/x`);
      expect([status, body, pod.begun]).toEqual([200, "second", 2]);
    }
  });

  test.each(["POST", "PATCH", "LOCK"])("a %s is never repeated", async (method) => {
    pod.handler = dies;
    for (const base of entrances()) {
      pod.forget();
      const { status, body } = await send(`${base}/service/pod/x`, { method, body: "x" });
      expect([base, status, body, pod.begun]).toEqual([base, 502, "skyline: pod has not answered\n", 1]);
    }
  });

  test("given settings without repeats, then a GET is not repeated", async () => {
    never.handler = dies;
    for (const base of entrances()) {
      never.forget();
      const { status, body } = await send(`${base}/service/never/x`);
      expect([base, status, body, never.begun]).toEqual([base, 502, "skyline: never has not answered\n", 1]);
    }
  });
});

describe("a worker whose bridge is gone", () => {
  beforeAll(() => hops.process("bridge-1").stop());

  test.each([
    ["GET", undefined],
    ["POST", "x"],
    // Streamed.
    ["POST", Buffer.alloc(200_000)],
  ])("all %s requests go to the other", async (method, body) => {
    for (const base of entrances()) {
      pod.forget();
      const answers = await many(40, `${base}/service/pod/x`, { method, body });
      expect([base, statuses(answers), pod.begun]).toEqual([base, [200], 40]);
    }
  });

  test("given settings without repeats, then all go to the other as well, as nothing of them was sent", async () => {
    for (const base of entrances()) {
      for (const method of ["GET", "POST"]) {
        never.forget();
        const answers = await many(40, `${base}/service/never/x`, { method });
        expect([base, method, statuses(answers), never.begun]).toEqual([base, method, [200], 40]);
      }
    }
  });
});

describe("a worker whose bridge dies with requests", () => {
  let dying: Backend;
  beforeAll(async () => {
    await hops.process("bridge-1").stop();
    dying = await Backend.start("dying", hops.net.worker(0, 1), ports.inbound, dies);
  });
  beforeEach(() => dying.forget());
  afterAll(() => dying?.kill());

  test("given GETs, then each is repeated at the other", async () => {
    for (const base of entrances()) {
      pod.forget();
      const answers = await many(40, `${base}/service/pod/x`, {});
      expect([base, statuses(answers), pod.begun]).toEqual([base, [200], 40]);
    }
    expect(dying.begun).toBeGreaterThan(0);
  });

  test("given POSTs, then those fail that it had got, and no other gets them", async () => {
    for (const base of entrances()) {
      pod.forget();
      dying.forget();
      const answers = await many(40, `${base}/service/pod/x`, { method: "POST", body: "x" });
      const failed = answers.filter(({ status }) => status === 502).length;
      expect([base, pod.begun + failed, failed]).toEqual([base, 40, dying.begun]);
      expect(failed).toBeGreaterThan(0);
    }
  });

  test("given settings without repeats, then GETs fail that it had got", async () => {
    for (const base of entrances()) {
      never.forget();
      dying.forget();
      const answers = await many(40, `${base}/service/never/x`, {});
      const failed = answers.filter(({ status }) => status === 502).length;
      expect([base, never.begun + failed, failed]).toEqual([base, 40, dying.begun]);
      expect(failed).toBeGreaterThan(0);
    }
  });
});
