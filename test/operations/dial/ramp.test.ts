import { waitUntil } from "../../support/process";
import { RampWorld } from "../../support/ramp-world";

jest.setTimeout(180_000);

let world: RampWorld;

beforeAll(async () => {
  world = await RampWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world?.stop());

const WHY = ["--why", "a test"];
const set = (weights: string) =>
  world.dial.run("set", [...weights.split(" "), ...WHY, "--override", "a test"]);

describe("a ramp that passes", () => {
  test("writes each step with its record, and leaves nothing behind", async () => {
    const { code, stdout } = await world.ramp("--json").ended;
    const { data } = JSON.parse(stdout) as { data: { run: string; steps: { share: number }[] } };
    expect({ code, steps: data.steps.map(({ share }) => share) }).toEqual({ code: 0, steps: [25, 50, 100] });
    expect((await world.dial.audit()).map(({ action, weights, run }) => ({ action, weights, run }))).toEqual(
      [{ alpha: 75, bravo: 25 }, { alpha: 50, bravo: 50 }, { bravo: 100 }].map((weights) => ({
        ...{ action: "ramp", weights, run: data.run },
      })),
    );
    expect(await world.dial.dial()).toMatchObject({ generation: 3, weights: { bravo: 100 }, why: "a test" });
    expect([await world.record(), await world.dial.lockSession()]).toEqual([undefined, undefined]);
  });

  test("waits for a gateway that cannot be read, and for a counter that begins anew", async () => {
    const [, second] = world.behaviours;
    second!.readable = false;
    const running = world.ramp("--steps", "50");
    await world.until("it is inconclusive", ({ reason }) => /gateway-2 cannot be read/.test(reason ?? ""));
    expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 50, bravo: 50 } });
    world.forget();
    second!.readable = true;
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test("measures a source that the step leaves nothing before it", async () => {
    const { code, stdout } = await world.ramp("--steps", "100", "--override", "a test").ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/0\.00 % of \d+ requests failed, at the source 0\.00 % of \d{3,}/),
    });
  });
});

describe("a ramp that fails", () => {
  test.each([
    ["errors", { failing: { bravo: 0.2 } }, /20\.\d % of \d+ requests failed/],
    ["a long p99", { slow: { bravo: 0.3 } }, /p99 \d{3} ms, at the source 1\d ms, in two windows/],
  ])("by %s puts back what was there", async (_, behaviour, reason) => {
    await set("alpha=67 charlie=33");
    world.behave(behaviour);
    const { code, stderr } = await world.ramp("--hold", "1m", "--override", "a test").ended;
    expect({ code, stderr }).toEqual({ code: 11, stderr: expect.stringMatching(reason) });
    const [first, step, last] = await world.dial.audit();
    expect(step).toMatchObject({ action: "ramp", weights: { alpha: 50, bravo: 25, charlie: 25 } });
    expect(last).toMatchObject({ action: "return", weights: first?.weights, run: step?.run });
    expect(Date.parse(last!.at) - Date.parse(step!.at)).toBeLessThan(60_000);
    expect([await world.record(), await world.dial.lockSession()]).toEqual([undefined, undefined]);
  });

  test("by a gateway that does not follow puts back, and says which", async () => {
    const [, second] = world.behaviours;
    await set("alpha=90 bravo=10");
    second!.follows = false;
    const running = world.ramp("--steps", "50", "--follow", "2s", "--override", "a test");
    await waitUntil("the dial is put back", async () => {
      expect((await world.dial.audit()).at(-1)).toMatchObject({ action: "return" });
    });
    second!.follows = true;
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: 11,
      stderr: expect.stringContaining("gateway-2 serves generation 1, not 2. Put back: alpha 90, bravo 10"),
    });
  });

  test("and whose put-back is not followed needs a person, whom it gives the command", async () => {
    const [, second] = world.behaviours;
    await set("alpha=90 bravo=10");
    second!.follows = false;
    const { code, stderr } = await world.ramp("--steps", "50", "--follow", "2s", "--override", "a test")
      .ended;
    expect({ code, stderr }).toEqual({
      code: 12,
      stderr: expect.stringContaining("go on with it: skyline dial abort --env development"),
    });
    expect(await world.record()).toMatchObject({ phase: "returning", at: 0 });
    expect(await world.dial.run("status", ["--measure", "0"])).toMatchObject({
      ...{ code: 6, stdout: expect.stringContaining("Ramp to bravo: [50], returning") },
    });
    second!.follows = true;
    expect(await world.dial.run("abort", [])).toMatchObject({ code: 0 });
    expect(await world.record()).toBeUndefined();
    expect(await world.dial.audit()).toHaveLength(3);
  });

  test("is not put back on a cluster that has nobody left", async () => {
    world.behave({ failing: { bravo: 0.2 } });
    const running = world.ramp("--hold", "1m");
    await world.until("the step is in force", ({ at }) => at === 0);
    await world.dial.workers({ alpha: 0 });
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: 12,
      stderr: expect.stringContaining("alpha would get traffic again and has no healthy worker"),
    });
    expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 75, bravo: 25 } });
  });

  test("takes no step to a cluster that has nobody left", async () => {
    const running = world.ramp("--hold", "5s");
    await world.until("the step is in force", ({ at }) => at === 0);
    await world.dial.workers({ bravo: 0 });
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: 11,
      stderr: expect.stringContaining("step 50 is refused: bravo has no healthy worker"),
    });
    expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 100 } });
  });
});

test("without requests it holds, and ends with the weights as they are", async () => {
  world.behave({ rate: 0 });
  const { code, stderr } = await world.ramp("--timeout", "5s").ended;
  expect({ code, stderr }).toEqual({
    code: 7,
    stderr: expect.stringMatching(/stays inconclusive after \d+ s: the target had 0 requests/),
  });
  expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 75, bravo: 25 } });
  expect(await world.record()).toMatchObject({ at: 0, phase: "holding" });
  expect(await world.dial.lockSession()).toBeUndefined();
  expect(await world.dial.run("set", ["alpha=100", ...WHY])).toMatchObject({ code: 5 });
  expect(await world.ramp().ended).toMatchObject({ code: 5, stderr: expect.stringContaining("dial resume") });
  expect(await world.dial.run("abort", [])).toMatchObject({ code: 0 });
  expect((await world.dial.audit()).at(-1)).toMatchObject({ action: "return", weights: { alpha: 100 } });
});

describe("a ramp that runs", () => {
  test("is held, still put back when its target fails, and resumed", async () => {
    const running = world.ramp("--steps", "25,50");
    await world.until("the step is in force", ({ at }) => at === 0);
    expect(await world.dial.run("hold", ["--why", "lunch", "--by", "ann@desk"])).toMatchObject({ code: 0 });
    await waitUntil("its verdict is a pass that goes no further", async () => {
      expect(running.stderr()).toMatch(/held, pass after \d+ s of 1 s: 0\.00 % of/);
    });
    expect(await world.record()).toMatchObject({ at: 0, phase: "paused", reason: "held by ann@desk: lunch" });
    expect(await world.dial.run("hold", [])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to do/),
    });
    expect(await world.dial.run("resume", [])).toMatchObject({ code: 0 });
    await world.until("the next step is in force", ({ at }) => at === 1);
    expect(await world.dial.run("hold", [])).toMatchObject({ code: 0 });
    // Nor does it end while it is held at its last step.
    await waitUntil("that would pass as well", async () => {
      expect(running.stderr().match(/held, pass after/g)?.length).toBeGreaterThan(1);
    });
    world.behave({ failing: { bravo: 0.5 } });
    expect(await running.ended).toMatchObject({ code: 11 });
  });

  test("ends with a conflict when it loses the lock, and writes nothing more", async () => {
    const running = world.ramp("--hold", "1m");
    await world.until("the step is in force", ({ at }) => at === 0);
    const session = await world.dial.lockSession();
    await world.dial.server.call("PUT", `/v1/session/destroy/${session}`);
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("does not hold the lock") });
    expect(await world.dial.audit()).toHaveLength(1);
  });

  test("ends with a conflict when somebody drains a cluster", async () => {
    const running = world.ramp("--hold", "1m");
    await world.until("the step is in force", ({ at }) => at === 0);
    expect(await world.dial.run("drain", ["bravo"])).toMatchObject({ code: 0 });
    expect(await running.ended).toMatchObject({ code: 5 });
    expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 100 } });
    expect(await world.record()).toBeUndefined();
  });
});

describe("a ramp whose operator is gone", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s frees the lock, keeps its state, and is resumed", async (signal, exit) => {
    const running = world.ramp("--steps", "25,50", "--hold", "2s");
    await world.until("the step is held", ({ phase }) => phase === "holding");
    running.child.kill(signal);
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: exit,
      stderr: expect.stringContaining("The dial stays at alpha 75, bravo 25"),
    });
    expect(await world.dial.lockSession()).toBeUndefined();
    expect(await world.record()).toMatchObject({ at: 0, phase: "holding" });
    expect(await world.dial.run("resume", [])).toMatchObject({ code: 0 });
    expect(await world.dial.dial()).toMatchObject({ generation: 2, weights: { alpha: 50, bravo: 50 } });
  });

  test("and whose dial somebody has changed by hand is not resumed, and forgotten", async () => {
    const running = world.ramp("--hold", "1m");
    await world.until("the step is in force", ({ at }) => at === 0);
    running.child.kill("SIGINT");
    await running.ended;
    const byHand = { ...(await world.dial.dial()), generation: 40, weights: { alpha: 30, bravo: 70 } };
    await world.dial.write("dial", byHand);
    expect(await world.dial.run("resume", [])).toMatchObject({ code: 5 });
    const { code, stdout } = await world.dial.run("abort", []);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining("stays at alpha 30, bravo 70"),
    });
    expect(await world.record()).toBeUndefined();
  });
});

describe("a ramp that may not start", () => {
  const refused = async (code: number, reason: RegExp, ...args: readonly string[]) => {
    const ended = await world.ramp(...args).ended;
    expect(ended).toMatchObject({ code, stderr: expect.stringMatching(reason) });
    expect([await world.dial.audit(), await world.record()]).toEqual([[], undefined]);
  };

  test.each([
    ["to nobody known", 2, /ghost is no cluster/, ["--to", "ghost"]],
    ["to one that retires", 4, /delta is retiring/, ["--to", "delta"]],
    ["by steps that are too high", 4, /rise by 75 points at once/, ["--steps", "25,100"]],
    ["with a timeout below the hold", 2, /ends before a hold/, ["--hold", "5m", "--timeout", "4m"]],
    ["by steps that do not rise", 2, /rising, from 1 to 100/, ["--steps", "50,25"]],
    ["to who has it all", 2, /alpha has 100 already/, ["--to", "alpha"]],
  ] as const)("%s", (_, code, reason, args) => refused(code, reason, ...args));

  test("while a gateway does not serve the dial as it is", async () => {
    const [, second] = world.behaviours;
    await set("alpha=90 bravo=10");
    second!.follows = false;
    await world.dial.run("set", ["alpha=95", "bravo=5", ...WHY, "--no-wait", "--override", "a test"]);
    expect(await world.ramp("--override", "a test").ended).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("gateway-2 serves generation 1, not 2"),
    });
  });

  test("and a dry run of one that may writes nothing", async () => {
    const { code, stdout } = await world.ramp("--dry-run").ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/2 {5}alpha 50, bravo 50[^]*Nothing is written\./),
    });
    expect([await world.dial.audit(), await world.record(), await world.dial.lockSession()]).toEqual([
      [],
      undefined,
      undefined,
    ]);
  });
});

test("without a ramp there is nothing to hold, resume or abort", async () => {
  expect(await world.dial.run("hold", [])).toMatchObject({ code: 4 });
  expect(await world.dial.run("resume", [])).toMatchObject({ code: 4 });
  expect(await world.dial.run("abort", [])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^nothing to do/),
  });
});
