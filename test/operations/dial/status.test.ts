import { spawn } from "node:child_process";
import { builtCli } from "../../support/built";
import { waitUntil } from "../../support/process";
import { RampWorld } from "../../support/ramp-world";
import type { DialSnapshot } from "../../../operations/dial/status";

jest.setTimeout(120_000);

let world: RampWorld;

beforeAll(async () => {
  world = await RampWorld.start();
  await world.reset();
  const weights = ["alpha=75", "bravo=25", "--why", "a test"];
  expect(await world.dial.run("set", weights)).toMatchObject({ code: 0 });
});
afterAll(() => world?.stop());

const status = async (...args: readonly string[]) => {
  const { code, stdout } = await world.dial.run("status", ["--json", ...args]);
  return { code, data: (JSON.parse(stdout) as { data: DialSnapshot }).data };
};

test("says what is wanted, what gateways serve, and what share clusters really have", async () => {
  world.behave({ failing: { bravo: 0.1 } });
  const { code, data } = await status("--measure", "1");
  world.behave({ failing: {} });
  expect({ code, data }).toMatchObject({
    code: 0,
    data: {
      ...{ environment: "development", problem: null, lock: null, ramp: null },
      desired: { generation: 1, weights: { alpha: 75, bravo: 25 }, why: "a test" },
      gateways: [1, 2].map((at) => ({ name: `gateway-${at}`, generation: 1, follows: true })),
      log: [{ generation: 1, action: "set" }],
      clusters: [{ name: "alpha", workers: 2 }, { name: "bravo" }, { name: "charlie" }, { name: "delta" }],
    },
  });
  expect(data.live?.clusters.bravo?.share).toBeCloseTo(0.25, 1);
  expect(data.live?.clusters.bravo?.errorRate).toBeCloseTo(0.1, 1);
});

test("ends with 6 when a gateway serves something else, and when the key is broken", async () => {
  const [first] = world.behaviours;
  first!.follows = false;
  const back = await world.dial.dial();
  await world.dial.write("dial", { ...back, generation: 2 });
  const { code, data } = await status("--measure", "0");
  expect({ code, gateways: data.gateways, problem: data.problem }).toMatchObject({
    ...{ code: 6, problem: expect.stringMatching(/written by hand/) },
    gateways: [{ follows: false, problem: "serves generation 1, not 2" }, { follows: true }],
  });
  await world.dial.write("dial", "{");
  first!.follows = true;
  expect(await status("--measure", "0")).toMatchObject({
    code: 6,
    data: { desired: null, problem: expect.stringContaining("it is no JSON") },
  });
  await world.dial.write("dial", back);
});

describe("--watch", () => {
  test("prints a line each time where there is no terminal, and ends with Ctrl-C", async () => {
    const running = world.dial.start("status", ["--watch"]);
    let stdout = "";
    running.child.stdout?.on("data", (text: string) => (stdout += text));
    await waitUntil("three lines", async () => expect(stdout.split("\n").length).toBeGreaterThan(3));
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(
        /^\S+Z generation=1 alpha=75 \(\S+%, 0 errors\) bravo=25 \(\S+%, 0 errors\) gateways=2\/2$/,
      ),
      expect.stringMatching(/^\S+Z generation=1 /),
    ]);
    expect(stdout).not.toContain("\x1b");
  });

  test("ends when nobody reads on", async () => {
    const running = world.dial.start("status", ["--watch"]);
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test("draws over itself on a terminal", async () => {
    const spawned = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    const command = [process.execPath, builtCli(), "dial", "status", "--env", "development", "--watch"];
    const child = spawn("python3", ["-c", spawned, ...command], {
      cwd: world.dial.directory,
      env: { PATH: process.env.PATH, TERM: "xterm", ...world.dial.server.env },
    });
    let screen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    await waitUntil("it has drawn twice", async () =>
      expect(screen.split("\x1b[H").length).toBeGreaterThan(2),
    );
    // Ctrl-C, as the terminal takes it.
    child.stdin.write("\x03");
    await ended;
    const [, drawn = ""] = screen.split("\x1b[H");
    expect(drawn).toMatch(/^The dial of development, generation 1: alpha 75, bravo 25\x1b\[K\r\n/);
    expect(drawn).toContain("\x1b[J");
  });

  test("and --json do not go together", async () => {
    expect(await world.dial.run("status", ["--watch", "--json"])).toMatchObject({ code: 2 });
  });
});
