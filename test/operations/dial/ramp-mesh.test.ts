import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { outcomesOf } from "../../support/mesh-load";
import { stopLoads } from "../../support/mesh-callers";
import { RampMesh } from "../../support/ramp-mesh";

jest.setTimeout(600_000);

let world: RampMesh;

beforeAll(async () => {
  world = await RampMesh.start();
});
afterEach(() => stopLoads());
afterAll(() => world?.stop());

const WHY = ["--why", "a test"];
const QUICK = ["--hold", "3s", "--min-requests", "50", ...WHY];

test("a whole ramp there and back under load fails no request", async () => {
  const load = world.load(8, 2);
  // Both clusters are on this machine, whatever else it does: bursts of it are no difference between them.
  const quick = [...QUICK, "--max-p99-ratio", "20"];
  const there = await world.skyline("ramp", "--to", "bravo", "--steps", "1,5,25,50,100", ...quick).ended;
  expect([there.code, there.stderr]).toEqual([0, expect.any(String)]);
  expect(load.answeredBy(Date.now() - 1000)).toEqual(["bravo bravo"]);
  const back = await world.skyline("ramp", "--to", "alpha", "--steps", "1,5,25,50,100", ...quick).ended;
  expect([back.code, back.stderr]).toEqual([0, expect.any(String)]);
  expect(load.answeredBy(Date.now() - 1000)).toEqual(["alpha alpha"]);
  await load.requests(Math.max(0, 50_000 - load.outcomes.length));
  const outcomes = await outcomesOf([load]);
  expect(outcomes.length).toBeGreaterThanOrEqual(50_000);
  expect((await world.log()).map(({ action, weights }) => [action, weights.bravo ?? 0]).slice(0, 10)).toEqual(
    [0, 50, 75, 95, 99, 100, 50, 25, 5, 1].map((bravo) => ["ramp", bravo]),
  );
  expect(await world.text("ramp")).toBeUndefined();
  expect(await world.text("lock")).toBeUndefined();
});

/** As the service itself answers, but late. */
const slow: RequestListener = (request, response) => {
  const answer = async () => {
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    await sleep(400);
    const { method, url: path, headers } = request;
    response.end(
      JSON.stringify({ service: "giphy", version: "slow", where: "bravo", method, path, headers, bytes }),
    );
  };
  void answer().catch(() => response.destroy());
};
const failing: RequestListener = (_, response) => void response.writeHead(500).end("broken");

test.each([
  ["is slow", slow, /step 25 fails: p99 \d{3,5} ms, at the source [\d.]+ ms, in two windows/],
  ["answers 500", failing, /step 25 fails: .* % of \d+ requests failed, at the source 0.00 %/],
])("a target that %s is put back", async (_, answer, reason) => {
  world.load(8, 2);
  const { code, stderr } = await world.instead(
    answer,
    () =>
      world.skyline(
        "ramp",
        "--to",
        "bravo",
        "--steps",
        "25,100",
        "--hold",
        "1m",
        "--min-requests",
        "50",
        ...WHY,
      ).ended,
  );
  expect({ code, stderr }).toEqual({ code: 11, stderr: expect.stringMatching(reason) });
  // Lines begin with the seconds since the start.
  const at = (what: RegExp) =>
    Number(
      stderr
        .split("\n")
        .find((line) => what.test(line))
        ?.split(" s  ")[0],
    );
  expect(at(/put back: /) - at(/^ *[\d.]+ s {2}step 25 fails/)).toBeLessThan(5);
  const [last, before] = await world.log();
  expect(last).toMatchObject({ action: "return", weights: { alpha: 100 }, run: before?.run });
  expect(before).toMatchObject({ action: "ramp", weights: { alpha: 75, bravo: 25 } });
  expect(await world.text("ramp")).toBeUndefined();
});

test("a gateway that does not follow stops the ramp", async () => {
  const load = world.load(4, 5);
  const gateway = world.mesh.gateway(1);
  await gateway.consulTemplate.kill();
  gateway.timer.signal("SIGSTOP");
  const stopped = await world.skyline(
    "ramp",
    "--to",
    "bravo",
    "--steps",
    "25,100",
    "--follow",
    "10s",
    ...QUICK,
  ).ended;
  // It serves neither the step nor what is put back.
  expect(stopped).toMatchObject({ code: 12 });
  expect(stopped.stderr).toMatch(/is not served after \d+ s: gateway-2 serves generation \d+, not \d+/);
  expect(stopped.stderr).toContain("skyline dial abort --env development");
  expect((await world.log())[0]).toMatchObject({ action: "return", weights: { alpha: 100 } });
  gateway.timer.signal("SIGCONT");
  await gateway.consulTemplate.restart();
  expect(await world.skyline("abort").ended).toMatchObject({ code: 0 });
  expect(await world.text("ramp")).toBeUndefined();
  await outcomesOf([load]);
});
