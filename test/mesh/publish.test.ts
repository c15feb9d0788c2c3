import { renderGatewayNginx, renderMesosNginx } from "../../environment/mesh/nginx";
import { Consul } from "../../operations/consul/client";
import { consulSettings } from "../../operations/consul/settings";
import type { Files } from "../../operations/mesh/publish/files";
import { publish } from "../../operations/mesh/publish/publish";
import { PublishWorld, wayTo } from "../support/publish-world";

jest.setTimeout(60_000);

const GATEWAY = "skyline/development/files/gateway/";
const MESOS = "skyline/development/files/mesos/";

let world: PublishWorld;
beforeAll(async () => {
  world = await PublishWorld.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.consul.call("DELETE", "/v1/kv/skyline/?recurse"));

/** The command as a process. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => world.run("publish", args, env);
const gateway = (...args: string[]) => run(["--role", "gateway", ...args]);

describe("skyline mesh publish", () => {
  test.each([
    ["gateway", GATEWAY, () => renderGatewayNginx()],
    ["mesos", MESOS, () => renderMesosNginx({ domain: "development.example.internal" })],
  ] as const)(
    "of %s writes the configuration that its nodes have, and they take it",
    async (role, prefix, text) => {
      const ended = await run(["--role", role]);
      expect(ended).toEqual({
        code: 0,
        stderr: "",
        stdout: expect.stringContaining(`add     ${prefix}nginx.conf\nWritten in 1 transaction.`),
      });
      expect((await world.keys(prefix))["nginx.conf"]).toBe(text());
      expect(await world.mirrored(role)).toEqual({ "nginx.conf": text() });
    },
  );

  test("again, there is nothing to do, and nothing is written", async () => {
    await gateway();
    const index = () => world.consul.call<{ ModifyIndex: number }[]>("GET", `/v1/kv/${GATEWAY}?recurse`);
    const before = await index();
    expect(await gateway()).toEqual({
      code: 0,
      stderr: "",
      stdout: `nothing to do: ${GATEWAY} is as it should be\n`,
    });
    expect(await index()).toEqual(before);
  });

  test("a dry run shows the difference, --check ends with 3, and neither writes", async () => {
    await gateway();
    const text = (await world.keys(GATEWAY))["nginx.conf"] ?? "";
    const old = text.replace("keepalive_timeout 75s;", "keepalive_timeout 7s; \u001b[31m");
    expect(old).not.toBe(text);
    await world.consul.call("PUT", `/v1/kv/${GATEWAY}nginx.conf`, old);
    await world.consul.call("PUT", `/v1/kv/${GATEWAY}old/part.conf`, "gone;\n");
    const before = await world.keys(GATEWAY);
    const dry = await gateway("--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout.split("\n").filter((line) => /^([-+]|@@ )/.test(line))).toEqual([
      "--- a/nginx.conf",
      "+++ b/nginx.conf",
      expect.stringMatching(/^@@ -\d+,7 \+\d+,7 @@$/),
      "-  keepalive_timeout 7s; \ufffd[31m",
      "+  keepalive_timeout 75s;",
      "--- a/old/part.conf",
      "+++ /dev/null",
      "@@ -1,1 +0,0 @@",
      "-gone;",
    ]);
    const check = await gateway("--check", "--json");
    expect(check.code).toBe(3);
    expect(JSON.parse(check.stdout)).toMatchObject({
      ok: false,
      data: {
        stale: true,
        changes: [
          { path: "nginx.conf", action: "change" },
          { path: "old/part.conf", action: "remove" },
        ],
      },
    });
    expect(await world.keys(GATEWAY)).toEqual(before);
  });

  test("removes what is no longer there, and touches no other role", async () => {
    await run(["--role", "mesos"]);
    const mesos = await world.keys(MESOS);
    await world.consul.call("PUT", `/v1/kv/${GATEWAY}old/part.conf`, "gone;\n");
    expect(await gateway()).toMatchObject({ code: 0, stdout: expect.stringContaining("remove  ") });
    expect(Object.keys(await world.keys(GATEWAY))).toEqual([".manifest.json", "nginx.conf"]);
    expect(await world.keys(MESOS)).toEqual(mesos);
    expect(await gateway("--check")).toMatchObject({ code: 0 });
  });

  test("given that only the manifest is gone, then it is stale, and is written again", async () => {
    await gateway();
    await world.consul.call("DELETE", `/v1/kv/${GATEWAY}.manifest.json`);
    expect(await gateway("--check")).toMatchObject({ code: 3 });
    expect(await gateway()).toMatchObject({ code: 0 });
    expect(await gateway("--check")).toMatchObject({ code: 0 });
  });

  test("given that somebody writes a key between read and write, then it is a conflict, and nothing is written", async () => {
    await gateway();
    await world.consul.call("PUT", `/v1/kv/${GATEWAY}nginx.conf`, "old\n");
    const way = await wayTo(world.consul, async () => {
      await world.consul.call("PUT", `/v1/kv/${GATEWAY}nginx.conf`, "newer\n");
      return true;
    });
    const ended = await run(["--role", "gateway"], { CONSUL_HTTP_ADDR: way.address });
    await way.close();
    expect(ended).toMatchObject({
      code: 5,
      stdout: "",
      stderr: expect.stringContaining(`somebody else has changed ${GATEWAY}nginx.conf meanwhile`),
    });
    expect((await world.keys(GATEWAY))["nginx.conf"]).toBe("newer\n");
  });

  test("given a token that may only read, then it is denied, and a dry run is not", async () => {
    const token = await world.consul.tokenOf('key_prefix "skyline/development/" { policy = "read" }');
    expect(await run(["--role", "gateway"], { CONSUL_HTTP_TOKEN: token })).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("Permission denied"),
    });
    expect(await world.keys(GATEWAY)).toEqual({});
    expect(await run(["--role", "gateway", "--dry-run"], { CONSUL_HTTP_TOKEN: token })).toMatchObject({
      code: 0,
    });
  });

  test("given the rights that docs/commands/mesh-publish.md names, then it works", async () => {
    const token = await world.consul.tokenOf('key_prefix "skyline/development/files/" { policy = "write" }');
    expect(await run(["--role", "gateway"], { CONSUL_HTTP_TOKEN: token })).toMatchObject({ code: 0 });
  });

  test.each([
    ["no token", { CONSUL_HTTP_TOKEN: "" }, ["--role", "gateway"], 8],
    ["a Consul that does not answer", { CONSUL_HTTP_ADDR: "127.0.0.1:1" }, ["--role", "gateway"], 9],
    ["no address of Consul", { CONSUL_HTTP_ADDR: "unix:///x" }, ["--role", "gateway"], 2],
    ["a role that nodes do not have", {}, ["--role", "bridge"], 2],
    ["production and nobody to ask", {}, ["--role", "gateway", "--env", "production"], 10],
    ["a Consul of another environment", {}, ["--role", "gateway", "--env", "production", "--yes"], 4],
  ])("given %s, then it ends with the exit code of that", async (_, env, args, code) => {
    expect(await run(args, env)).toMatchObject({ code, stdout: "" });
    expect(await world.keys("skyline/")).toEqual({});
  });

  test("a Consul that never answers is given up on in time", async () => {
    const way = await wayTo(world.consul, () => new Promise(() => undefined));
    const ended = await run(["--role", "gateway", "--timeout", "1"], { CONSUL_HTTP_ADDR: way.address });
    expect(ended).toMatchObject({ code: 9, stderr: expect.stringContaining("no answer within 1 s") });
    void way.close();
  });
});

describe("more files than Consul takes in a transaction", () => {
  const many = (count: number, version: string, bytes = 100): Files =>
    new Map(
      Array.from({ length: count }, (_, at) => [
        `part-${String(at).padStart(3, "0")}/file.conf`,
        Buffer.from(`${version} ${at}\n`.padEnd(bytes, ".")),
      ]),
    );
  const texts = (files: Files) =>
    Object.fromEntries([...files].map(([path, data]) => [path, data.toString()] as const).sort());
  const write = (files: Files, address = world.consul.address, signal = new AbortController().signal) =>
    publish({
      ...{ environment: "development", role: "gateway", files, dryRun: false, signal },
      consul: new Consul({ settings: consulSettings({ ...world.consul.env, CONSUL_HTTP_ADDR: address }) }),
    });
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => "it did not fail",
      (error: { kind: string; message: string }) => `${error.kind}: ${error.message}`,
    );

  test("63 files and their manifest are one transaction, 64 are two", async () => {
    expect(await write(many(63, "a"))).toMatchObject({ transactions: 1 });
    await world.consul.call("DELETE", "/v1/kv/skyline/?recurse");
    expect(await write(many(64, "a"))).toMatchObject({ transactions: 2 });
  });

  test("are written whole, changed whole and removed whole", async () => {
    expect(await write(many(200, "a"))).toMatchObject({ transactions: 4 });
    expect(await world.mirrored("gateway")).toEqual(texts(many(200, "a")));
    await write(many(150, "b"));
    expect(await world.mirrored("gateway")).toEqual(texts(many(150, "b")));
    expect(await write(many(150, "b"))).toMatchObject({ stale: false, transactions: 0 });
  });

  test("40 files of 60 KiB are more than Consul takes at once, too", async () => {
    const files = many(40, "large", 60 * 1024);
    const { transactions } = await write(files);
    expect(transactions).toBeGreaterThan(4);
    expect(await world.mirrored("gateway")).toEqual(texts(files));
  });

  test("given that it is cut off in between, then nodes stay with what they have, and the next run completes it", async () => {
    await write(many(200, "a"));
    const old = await world.mirrored("gateway");
    const way = await wayTo(world.consul, (transaction) => Promise.resolve(transaction < 3));
    expect(await failure(write(many(200, "b"), way.address))).toMatch(/^unreachable: /);
    await way.close();
    // Some are new and some are old.
    const versions = new Set(Object.values(await world.keys(GATEWAY)).map((text) => text[0]));
    expect(versions).toEqual(new Set(["{", "a", "b"]));
    expect(await world.mirrored("gateway")).toEqual(old);

    const { changes } = await write(many(200, "b"));
    expect(changes.length).toBeLessThan(200);
    expect(await world.mirrored("gateway")).toEqual(texts(many(200, "b")));
  });

  test("given Ctrl-C in between, then it stops before the next transaction, and says so", async () => {
    const old = await world.mirrored("gateway");
    const controller = new AbortController();
    const way = await wayTo(world.consul, (transaction) => {
      if (transaction === 2) controller.abort();
      return Promise.resolve(true);
    });
    expect(await failure(write(many(200, "a"), way.address, controller.signal))).toBe(
      "interrupted: 2 of 4 transactions are written",
    );
    await way.close();
    expect(await world.mirrored("gateway")).toEqual(old);
  });

  test("given two at once, then one is a conflict, and what nodes take is the other's as a whole", async () => {
    await write(many(200, "a"));
    let other: Promise<unknown> = Promise.resolve();
    const way = await wayTo(world.consul, async (transaction) => {
      // The other comes between this one's first two transactions.
      if (transaction === 2) await (other = write(many(180, "c")));
      return true;
    });
    expect(await failure(write(many(200, "b"), way.address))).toMatch(
      /^conflict: somebody else has changed skyline\/development\/files\/gateway\/\.manifest\.json meanwhile/,
    );
    await way.close();
    await other;
    expect(await world.mirrored("gateway")).toEqual(texts(many(180, "c")));
  });

  test.each([
    ["larger than nodes take", new Map([["a.conf", Buffer.alloc(65_537)]]), "a.conf has 65537 bytes"],
    ["more than nodes take", many(1000, "a"), "there are 1000 files"],
    ["outside of the tree", new Map([["../a.conf", Buffer.from("a")]]), '"../a.conf" is no path'],
    ["in the manifest's place", new Map([[".manifest.json", Buffer.from("a")]]), "is no path"],
  ])("files that are %s are refused before anything is written", async (_, files, told) => {
    expect(await failure(write(files))).toContain(told);
    expect(await world.keys("skyline/")).toEqual({});
  });
});
