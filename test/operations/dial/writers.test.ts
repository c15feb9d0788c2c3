import { goBack } from "../../../operations/dial/back";
import { lockHolder, withLock } from "../../../operations/dial/lock";
import { DialWorld } from "../../support/dial-world";
import { waitUntil } from "../../support/process";
import { wayTo } from "../../support/publish-world";

jest.setTimeout(180_000);

const SET = ["--why", "a test", "--no-wait", "alpha=75", "bravo=25"] as const;

describe("with one Consul", () => {
  let world: DialWorld;
  beforeAll(async () => {
    world = await DialWorld.start();
  });
  afterAll(() => world?.stop());
  beforeEach(() => world.reset());

  test("of 20 processes that saw the same generation one writes, and nineteen end with 5", async () => {
    const all = Array.from({ length: 20 }, (_, at) =>
      world.run("set", [...SET, "--generation", "0", "--by", `writer-${at}`]),
    );
    const ended = await Promise.all(all);
    expect(ended.map(({ code }) => code).sort()).toEqual([0, ...Array.from({ length: 19 }, () => 5)]);
    expect(await world.audit()).toHaveLength(1);
    const winner = ended.findIndex(({ code }) => code === 0);
    expect(await world.dial()).toMatchObject({ generation: 1, by: `writer-${winner}` });
    expect(await world.text("lock")).toBeUndefined();
  });

  test("somebody who is asked while the dial changes writes nothing", async () => {
    await world.run("set", SET);
    const confirm = async () => {
      await goBack(world.request({ by: "bob@lab" }));
    };
    await expect(goBack(world.request({ confirm }))).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringMatching(
        /^somebody else has changed skyline\/development\/dial meanwhile/,
      ) as string,
    });
    expect(await world.audit()).toHaveLength(2);
  });

  test("the lock tells who holds it, is renewed, and is free however the work ends", async () => {
    const { consul } = world;
    const request = { consul, environment: "development", by: "bob@lab", what: "a long look", run: "run-1" };
    await withLock(request, async (lock) => {
      expect(await lockHolder(consul, "development")).toEqual({
        ...{ run: "run-1", by: "bob@lab", what: "a long look", session: lock.session },
        at: expect.stringMatching(/Z$/) as string,
      });
      const busy = withLock({ ...request, by: "ann@desk" }, () => Promise.resolve());
      await expect(busy).rejects.toMatchObject({ kind: "conflict" });
      expect(lock.lost.aborted).toBe(false);
    });
    const broken = withLock(request, () => Promise.reject(new Error("it broke")));
    await expect(broken).rejects.toThrow("it broke");
    expect(await lockHolder(consul, "development")).toBeNull();
    const sessions = await world.server.call<unknown[]>("GET", "/v1/session/list");
    expect(sessions).toEqual([]);
  });

  test("whose session Consul has ended is told of it", async () => {
    const { consul } = world;
    await withLock({ consul, environment: "development", by: "bob@lab", what: "a ramp" }, async (lock) => {
      await world.server.call("PUT", `/v1/session/destroy/${lock.session}`);
      await waitUntil("it is told", async () => {
        if (!lock.lost.aborted) throw new Error("it is not told");
      });
    });
  });

  describe("a token", () => {
    const read = `key_prefix "skyline/" { policy = "read" }
      service_prefix "" { policy = "read" }
      node_prefix "" { policy = "read" }
      session_prefix "" { policy = "read" }`;
    /** As docs/commands/dial.md asks for. */
    const operator = `key "skyline/development/dial" { policy = "write" }
      key "skyline/development/lock" { policy = "write" }
      key "skyline/development/ramp" { policy = "write" }
      key_prefix "skyline/development/audit/dial/" { policy = "write" }
      service "kubernetes-worker" { policy = "read" }
      service "skyline-gateway" { policy = "read" }
      node_prefix "" { policy = "read" }
      session_prefix "" { policy = "write" }`;
    const withToken = async (rules: string, command: string, args: readonly string[]) =>
      world.run(command, args, { CONSUL_HTTP_TOKEN: await world.server.tokenOf(rules) });

    test("that may only read shows what would be done, and the change ends with 8", async () => {
      expect(await withToken(read, "set", [...SET, "--dry-run"])).toMatchObject({ code: 0 });
      expect(await withToken(read, "log", [])).toMatchObject({ code: 0 });
      const ended = await withToken(read, "set", SET);
      expect(ended).toMatchObject({ code: 8, stdout: "" });
      expect(ended.stderr).toContain("hint: set CONSUL_HTTP_TOKEN to a token that may do this\n");
      const sessions = read.replace(
        'session_prefix "" { policy = "read" }',
        'session_prefix "" { policy = "write" }',
      );
      const locks = await withToken(sessions, "set", SET);
      expect(locks).toMatchObject({ code: 8, stdout: "" });
      expect(await world.dial()).toBeUndefined();
    });

    test("that may not read ends with 8 as well", async () => {
      await world.inside("set", SET);
      expect(await withToken("", "set", SET)).toMatchObject({ code: 8, stdout: "" });
      expect(await withToken("", "log", [])).toMatchObject({ code: 8, stdout: "" });
    });

    test("with the rights of docs/commands/dial.md is enough", async () => {
      expect(await withToken(operator, "set", SET)).toMatchObject({ code: 0 });
      expect(await withToken(operator, "back", ["--no-wait"])).toMatchObject({ code: 0 });
      expect(await withToken(operator, "drain", ["alpha", "--to", "bravo", "--no-wait"])).toMatchObject({
        code: 0,
      });
      expect(await world.audit()).toHaveLength(3);
    });
  });
});

test("in production nothing is written without an answer, and an emergency has --yes", async () => {
  const world = await DialWorld.start("production");
  try {
    const asked = await world.inside("set", SET);
    expect(asked).toMatchObject({ code: 10, stdout: "" });
    expect(asked.stderr).toContain(
      "dial set: from alpha 100 to alpha 75, bravo 25, in production wants to be confirmed",
    );
    expect(await world.dial()).toBeUndefined();
    expect(await world.inside("drain", ["alpha", "--to", "bravo", "--no-wait", "--yes"])).toMatchObject({
      code: 0,
    });
    expect(await world.dial()).toMatchObject({ weights: { bravo: 100 } });
  } finally {
    await world.stop();
  }
});

describe("kill -9 leaves the dial as it was or as it is to be, and a lock that is free within 30 s", () => {
  /** The first transaction takes the lock, the second writes, the third frees. */
  const moments = [
    { when: "before it takes the lock", transaction: 1, arrives: false, writes: false },
    { when: "when it has taken the lock", transaction: 2, arrives: false, writes: false },
    { when: "while Consul writes", transaction: 2, arrives: true, writes: true },
    { when: "before it frees the lock", transaction: 3, arrives: false, writes: true },
  ];

  // At once, each with a Consul of its own: they mostly wait.
  test.concurrent.each(moments)("killed $when", async ({ transaction, arrives, writes }) => {
    const world = await DialWorld.start();
    try {
      const way = await wayTo(world.server, async (number) => {
        if (number !== transaction) return true;
        cli.child.kill("SIGKILL");
        await cli.ended;
        return arrives;
      });
      const cli = world.start("set", SET, { CONSUL_HTTP_ADDR: way.address });
      expect((await cli.ended).code).toBeNull();
      await waitUntil(
        "the lock is free",
        async () => {
          const session = await world.lockSession();
          if (session !== undefined) throw new Error(`session ${session} holds it`);
        },
        { timeoutMs: 30_000, pollMs: 250 },
      );
      await way.close();
      // The write that was on its way when the process died may come last of all.
      if (writes) await waitUntil("it is written", async () => expect(await world.dial()).toBeDefined());
      const [dial, audit] = [await world.dial(), await world.audit()];
      expect(dial?.generation).toBe(writes ? 1 : undefined);
      expect(audit.map(({ generation }) => generation)).toEqual(writes ? [1] : []);
      // Whoever comes next goes on from there.
      const next = await world.run("set", [
        "--why",
        "next",
        "--no-wait",
        "--override",
        "next",
        "alpha=60",
        "bravo=40",
      ]);
      expect(next).toMatchObject({ code: 0 });
      expect(await world.dial()).toMatchObject({ generation: writes ? 2 : 1 });
    } finally {
      await world.stop();
    }
  });
});
