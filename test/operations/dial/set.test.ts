import { exitCodes } from "../../../cli/exit";
import { DialWorld } from "../../support/dial-world";
import { waitUntil } from "../../support/process";

jest.setTimeout(120_000);

let world: DialWorld;
beforeAll(async () => {
  world = await DialWorld.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.reset());

const WHY = ["--why", "a test", "--by", "ann@desk"] as const;
/** The command, which waits for no gateway: there is none. */
const set = (...args: string[]) => world.inside("set", [...WHY, "--no-wait", ...args]);

/** An hour ago: no hold is in the way. */
const EARLIER = "2026-01-31T12:00:00Z";
const written = (generation: number, weights: object) => ({
  ...{ generation, weights, by: "bob@lab", why: "before", at: EARLIER },
});

describe("the first change", () => {
  test("comes from the file's active cluster, has generation 1 and a record", async () => {
    const ended = await set("alpha=75", "bravo=25");
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toBe(
      [
        "development, generation 1  before  now",
        "alpha                      100     75",
        "bravo                      0       25",
        "charlie                    0       0",
        "delta                      0       0",
        "Whether the gateways follow: skyline dial status --env development",
        "The way back: skyline dial back --env development",
        "",
      ].join("\n"),
    );
    const dial = await world.dial();
    expect(dial).toEqual({
      ...{ generation: 1, weights: { alpha: 75, bravo: 25 }, by: "ann@desk", why: "a test" },
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    });
    expect(await world.audit()).toEqual([
      {
        ...dial,
        ...{ action: "set", from: { generation: 0, weights: { alpha: 100 } }, override: null },
        run: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
    ]);
    expect(await world.text("lock")).toBeUndefined();
  });

  test("of what is in force already is written all the same: there was no dial", async () => {
    expect(await set("alpha=100", "bravo=0")).toMatchObject({ code: 0 });
    expect(await world.dial()).toMatchObject({ generation: 1, weights: { alpha: 100 } });
  });
});

describe("what is refused", () => {
  test.each<[string[], number, string]>([
    [["alpha=75"], 2, "the sum of the weights is 75, and not 100"],
    [["alpha=100", "alpha=0"], 2, "alpha is named twice"],
    [["alpha:100"], 2, "It is to be a cluster and its points, like bravo=25."],
    [["alpha=101"], 2, "the weight of alpha is 101, and not a whole number from 0 to 100"],
    [["alpha=50", "ghost=50"], 2, "ghost is no cluster of this environment"],
    [["alpha=75", "delta=25"], 4, "delta is retiring: it gets no traffic any more"],
    [["alpha=49", "bravo=51"], 4, "bravo would rise by 51 points at once, and 50 are allowed"],
    [["alpha=75", "bravo=25", "--generation", "1"], 5, "the dial has generation 0, and not 1"],
    [["alpha=75", "bravo=25", "--override", " "], 2, "--override is"],
  ])("%j: exit %d", async (args, code, message) => {
    const ended = await set(...args);
    expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) as string });
    expect(await world.dial()).toBeUndefined();
    expect(await world.audit()).toEqual([]);
    expect(await world.text("lock")).toBeUndefined();
  });

  test("one cluster alone, with what was probably meant", async () => {
    expect((await set("bravo=25")).stderr).toContain("hint: write all of them: alpha=75 bravo=25\n");
  });

  test("without a reason", async () => {
    expect(await world.inside("set", ["alpha=75", "bravo=25"])).toMatchObject({ code: 2 });
  });

  test("a cluster without healthy workers, with all else that is wrong in one message", async () => {
    await world.workers({ charlie: 0 });
    const ended = await set("charlie=60", "delta=40");
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain(
      "charlie has no healthy worker in Consul; delta is retiring: it gets no traffic any more; charlie would rise by 60 points",
    );
    expect(await set("charlie=60", "alpha=40", "--override", "now")).toMatchObject({ code: 4 });
  });

  test("a change before the hold is over, unless it is overridden for a reason, which the record keeps", async () => {
    await set("alpha=75", "bravo=25");
    const ended = await set("alpha=50", "bravo=50");
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stderr).toMatch(/the dial was changed at \S+Z, \d+ s ago, and is to stand for 60 s/);
    expect(ended.stderr).toContain('--override "REASON"');
    expect(await set("bravo=100", "--override", "alpha is on fire")).toMatchObject({ code: 0 });
    expect((await world.audit())[1]).toMatchObject({ generation: 2, override: "alpha is on fire" });
  });
});

test("the same again is nothing to do, and nothing is written", async () => {
  await set("alpha=75", "bravo=25");
  const again = await set("bravo=25", "alpha=75", "charlie=0");
  expect(again).toMatchObject({
    code: 0,
    stdout: "nothing to do: the dial of development is so already (generation 1)\n",
  });
  expect(await world.audit()).toHaveLength(1);
});

test("a dry run shows points and the gateways' configuration, and writes nothing", async () => {
  const ended = await set("alpha=75", "bravo=25", "--dry-run");
  expect(ended).toEqual({
    code: 0,
    stderr: "",
    stdout: [
      "development, generation 1  before  now",
      "alpha                      100     75",
      "bravo                      0       25",
      "charlie                    0       0",
      "delta                      0       0",
      "",
      "--- a/maps.conf",
      "+++ b/maps.conf",
      "@@ -1,3 +1,4 @@",
      " split_clients $skyline_request_id $dial {",
      '-  * "alpha";',
      '+  75% "alpha";',
      '+  * "bravo";',
      " }",
      "",
      "Nothing is written.",
      "",
    ].join("\n"),
  });
  expect(await world.keys()).toEqual([]);
  const json = await set("alpha=75", "bravo=25", "--dry-run", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: true,
    data: {
      ...{ environment: "development", action: "set", changed: true, dryRun: true, generation: 1 },
      before: { generation: 0, weights: { alpha: 100 } },
      after: { alpha: 75, bravo: 25 },
      dial: null,
    },
  });
  // What would be refused is refused here.
  expect(await set("alpha=49", "bravo=51", "--dry-run")).toMatchObject({ code: 4 });
  expect(await world.keys()).toEqual([]);
});

describe("a broken or missing dial", () => {
  test.each([
    ["is no JSON", "\u001b[31m{"],
    ["has a sum of 99", JSON.stringify(written(7, { alpha: 99 }))],
    ["is empty", ""],
  ])("that %s is replaced, from what was written last", async (_, text) => {
    await set("alpha=75", "bravo=25");
    await world.write("dial", text);
    expect(await set("alpha=50", "bravo=50", "--override", "repair")).toMatchObject({ code: 0 });
    expect(await world.dial()).toMatchObject({ generation: 2, weights: { alpha: 50, bravo: 50 } });
    expect((await world.audit())[1]).toMatchObject({
      from: { generation: 1, weights: { alpha: 75, bravo: 25 } },
    });
  });

  test("that is gone is written again, with a generation that is new", async () => {
    await set("alpha=75", "bravo=25");
    await world.server.call("DELETE", "/v1/kv/skyline/development/dial");
    expect(await set("alpha=75", "bravo=25", "--override", "repair")).toMatchObject({ code: 0 });
    expect(await world.dial()).toMatchObject({ generation: 2 });
  });

  test("with no record, nobody can tell what it was: all of it is a rise", async () => {
    await world.write("dial", "{");
    expect(await set("alpha=100")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("alpha would rise by 100 points at once") as string,
    });
    expect(await set("alpha=100", "--override", "repair")).toMatchObject({ code: 0 });
    expect((await world.audit())[0]).toMatchObject({ generation: 1, from: null });
  });

  test("written by hand counts, and the next generation is above it", async () => {
    await world.write("dial", JSON.stringify(written(41, { alpha: 80, bravo: 20 })));
    expect(await set("alpha=75", "bravo=25", "--generation", "41")).toMatchObject({ code: 0 });
    expect((await world.audit())[0]).toMatchObject({
      generation: 42,
      from: { generation: 41, weights: { alpha: 80, bravo: 20 } },
    });
  });
});

describe("the effect", () => {
  test("is waited for until all gateways serve it", async () => {
    await world.startGateways(
      () => world.dial(),
      () => world.dial(),
    );
    const ended = await world.run("set", [...WHY, "alpha=75", "bravo=25"]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/\nAll 2 gateways serve it, after \d+\.\d s\.\n/);
    expect(ended.stderr).toContain("waiting until all gateways serve generation 1\n");
  });

  test("that does not come in time is exit 7 with the gateway's name; the dial stays", async () => {
    await world.startGateways(
      () => world.dial(),
      () => Promise.resolve(undefined),
    );
    const ended = await world.run("set", [...WHY, "alpha=75", "bravo=25", "--timeout", "1", "--json"]);
    expect(ended.code).toBe(exitCodes.timeout);
    expect(ended.stderr).toMatch(
      /generation 1 is written, and not all gateways serve it: \S+ serves generation 0, not 1\n/,
    );
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ...{ ok: false, exitCode: 7 },
      data: { changed: true, generation: 1, effect: { followed: false } },
    });
    expect(await world.dial()).toMatchObject({ generation: 1 });
    expect(await world.text("lock")).toBeUndefined();
  });

  test("that is interrupted leaves the dial, and frees the lock", async () => {
    await world.startGateways(() => Promise.resolve(undefined));
    const cli = world.start("set", [...WHY, "alpha=75", "bravo=25"]);
    await waitUntil("it waits for the gateways", async () => {
      if (!cli.stderr().includes("waiting until")) throw new Error(cli.stderr());
    });
    cli.child.kill("SIGINT");
    expect(await cli.ended).toMatchObject({ code: 130 });
    expect(await world.dial()).toMatchObject({ generation: 1 });
    expect(await world.text("lock")).toBeUndefined();
  });
});
