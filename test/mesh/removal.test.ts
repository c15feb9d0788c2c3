import { readFileSync } from "node:fs";
import type { Chooser } from "../../operations/mesh/chooser";
import type { MeshWorld } from "../../operations/mesh/world";
import { startCli } from "../support/cli";
import { startMesh } from "../support/mesh-callers";
import { waitUntil } from "../support/process";
import { PublishWorld, wayTo } from "../support/publish-world";

jest.setTimeout(120_000);

const KEY = "skyline/development/allow-removal";

interface Removal {
  readonly services: readonly string[];
  readonly by: string;
  readonly why: string;
  readonly expires: string;
}

let world: PublishWorld;
beforeAll(async () => {
  world = await PublishWorld.start();
});
afterAll(() => world?.stop());

/** The command as a process. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => world.run("allow-removal", args, env);

const allow = (...args: string[]) => run(["--why", "moved", "--by", "ann@desk", ...args]);

const text = async () => (await world.keys(KEY))[""];
const inForce = async () => JSON.parse((await text()) ?? "null") as Removal | null;
const put = (value: unknown) =>
  world.consul.call("PUT", `/v1/kv/${KEY}`, typeof value === "string" ? value : JSON.stringify(value));
/** Seconds from now. */
const until = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const secondsLeft = ({ expires }: Removal) => (Date.parse(expires) - Date.now()) / 1000;

describe("skyline mesh allow-removal", () => {
  beforeEach(() => world.consul.call("DELETE", `/v1/kv/skyline/?recurse`));

  test("writes who allows what, why and for an hour, and says what comes next", async () => {
    const { code, stdout, stderr } = await allow("giphy", "organization", "giphy");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^skyline\/development\/allow-removal allows until 2\d{3}-\S+Z: giphy, organization\nNodes apply it within 10 s[^]*skyline-apply --status[^]*--revoke --env development\n$/,
    );
    const removal = await inForce();
    expect(removal).toEqual({
      services: ["giphy", "organization"],
      by: "ann@desk",
      why: "moved",
      expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    });
    expect(secondsLeft(removal!)).toBeGreaterThan(3500);
    expect(secondsLeft(removal!)).toBeLessThanOrEqual(3600);
  });

  test.each([
    [["--all"], ["*"]],
    [["--workers"], ["kubernetes-worker"]],
    [["--files", "gateway"], ["files/gateway"]],
    [
      ["giphy", "--workers", "--files", "mesos"],
      ["files/mesos", "giphy", "kubernetes-worker"],
    ],
  ])("%j names %j", async (args, services) => {
    expect(await allow(...args, "--for", "30m")).toMatchObject({ code: 0 });
    expect(await inForce()).toMatchObject({ services });
  });

  test("a day is a little less, as clocks of nodes may be behind", async () => {
    await allow("giphy", "--for", "24h");
    const removal = await inForce();
    expect(secondsLeft(removal!)).toBeLessThanOrEqual(86_400 - 60);
    expect(secondsLeft(removal!)).toBeGreaterThan(86_400 - 120);
  });

  test("without --by, it is the user and the host", async () => {
    await run(["giphy", "--why", "moved"]);
    expect((await inForce())?.by).toMatch(/^\S.*@\S+$/);
  });

  test.each([
    [[]],
    [["Giphy"]],
    [["../organization"]],
    [["kubernetes"]],
    [["kubernetes-worker"]],
    [["*"]],
    [["giphy", "--all"]],
    [["--files", "worker"]],
    [["giphy", "--for", "25h"]],
    [["giphy", "--for", "59s"]],
    [["giphy", "--for", "1d"]],
    [["giphy", "--why", " "]],
    [["giphy", "--why", "a\nb"]],
    [["giphy", "--by", ""]],
  ])("%j is refused with 2, and nothing is written", async (args) => {
    const { code, stdout, stderr } = await allow(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).not.toContain("this is a bug");
    expect(await text()).toBeUndefined();
  });

  test("without --why it is refused with 2", async () => {
    expect(await run(["giphy"])).toMatchObject({ code: 2 });
  });

  test("what others allow stays, and is told with their names", async () => {
    const others = { services: ["alpha"], by: "bob@lab", why: "a test", expires: until(600) };
    await put(others);
    const { code, stdout } = await allow("giphy");
    expect(code).toBe(0);
    expect(stdout).toContain(`bob@lab had allowed until ${others.expires} (a test): alpha\n`);
    const removal = await inForce();
    expect(removal).toMatchObject({
      services: ["alpha", "giphy"],
      by: "bob@lab; ann@desk",
      why: "a test; moved",
    });
    expect(secondsLeft(removal!)).toBeGreaterThan(3500);
    // The same again adds nothing to it but time.
    await allow("giphy", "--for", "2h");
    expect(await inForce()).toMatchObject({ by: "bob@lab; ann@desk", why: "a test; moved" });
  });

  test("a leave for everything is not made longer by somebody who asks for less", async () => {
    const all = { services: ["*"], by: "bob@lab", why: "a test", expires: until(600) };
    await put(all);
    const { code, stderr } = await allow("giphy");
    expect(code).toBe(4);
    expect(stderr).toContain(`bob@lab allows "*" until ${all.expires}`);
    expect(await inForce()).toEqual(all);
    expect(await allow("giphy", "--for", "5m")).toMatchObject({ code: 0 });
    expect(await inForce()).toMatchObject({ services: ["*", "giphy"], expires: all.expires });
  });

  test.each([
    ["has ended", { services: ["*"], by: "bob@lab", why: "a test", expires: until(-1) }],
    ["ends later than in a day", { services: ["*"], by: "bob@lab", why: "a test", expires: until(90_000) }],
    ["has no time zone", { services: ["*"], by: "bob@lab", why: "a test", expires: "2999-01-01T00:00:00" }],
    ["is no JSON", "\u001b[31m{"],
  ])("what is there and %s is replaced", async (what, before) => {
    await put(before);
    const { code, stdout } = await allow("giphy");
    expect(code).toBe(0);
    expect(stdout.startsWith(`${KEY} held what no node takes: `)).toBe(what !== "has ended");
    expect(stdout).not.toContain("\u001b");
    expect(await inForce()).toMatchObject({ services: ["giphy"], by: "ann@desk", why: "moved" });
  });

  test("a dry run says what would be, and writes nothing", async () => {
    const { code, stdout } = await allow("giphy", "--dry-run", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      data: { key: KEY, action: "write", before: null, after: { services: ["giphy"] }, dryRun: true },
    });
    expect(await text()).toBeUndefined();
  });

  test("--revoke takes back some of it, then all of it, and then has nothing to do", async () => {
    await allow("giphy", "organization", "--workers");
    const before = await inForce();
    expect(await run(["--revoke", "giphy", "--workers"])).toMatchObject({ code: 0 });
    expect(await inForce()).toEqual({ ...before, services: ["organization"] });
    expect(await run(["--revoke", "giphy"])).toMatchObject({
      code: 0,
      stdout: `nothing to do: ${KEY} is as it should be\n`,
    });
    expect(await run(["--revoke"])).toMatchObject({
      code: 0,
      stdout: `${KEY} is deleted: nodes hold again what goes at once\n`,
    });
    expect(await text()).toBeUndefined();
    expect(await run(["--revoke"])).toMatchObject({
      code: 0,
      stdout: `nothing to do: ${KEY} allows nothing\n`,
    });
  });

  test("--revoke of one name is refused while everything is allowed", async () => {
    await allow("--all");
    expect(await run(["--revoke", "giphy"])).toMatchObject({ code: 4 });
    expect(await inForce()).toMatchObject({ services: ["*"] });
    expect(await run(["--revoke", "--all"])).toMatchObject({ code: 0 });
    expect(await text()).toBeUndefined();
  });

  test.each([
    ["allow", ["giphy", "--why", "moved"]],
    ["revoke", ["--revoke"]],
  ])(
    "given that somebody writes between read and %s, then it is a conflict, and theirs stays",
    async (_, args) => {
      await allow("alpha");
      const theirs = { services: ["bravo"], by: "bob@lab", why: "a test", expires: until(600) };
      const way = await wayTo(world.consul, async () => {
        await put(theirs);
        return true;
      });
      const ended = await run(args, { CONSUL_HTTP_ADDR: way.address });
      await way.close();
      expect(ended).toMatchObject({ code: 5, stdout: "" });
      expect(ended.stderr).toContain(`somebody else has changed ${KEY} meanwhile`);
      expect(await inForce()).toEqual(theirs);
    },
  );

  test("given a token that may only read, then it ends with 8, and a dry run does not", async () => {
    const token = await world.consul.tokenOf('key_prefix "skyline/development/" { policy = "read" }');
    const args = ["giphy", "--why", "moved"];
    expect(await run(args, { CONSUL_HTTP_TOKEN: token })).toMatchObject({ code: 8, stdout: "" });
    expect(await text()).toBeUndefined();
    expect(await run([...args, "--dry-run"], { CONSUL_HTTP_TOKEN: token })).toMatchObject({ code: 0 });
  });

  test("in production, with nobody to ask, it ends with 10", async () => {
    const args = ["mesh", "allow-removal", "--env", "production", "giphy", "--why", "moved"];
    const { code } = await startCli(args, world.consul.env, world.directory).ended;
    expect(code).toBe(10);
  });
});

describe("a mesh", () => {
  let mesh: MeshWorld;
  let stop: () => Promise<void>;
  const ghosts = ["one", "two", "three", "four", "five"];

  beforeAll(async () => {
    ({ mesh, stop } = await startMesh({ clusters: { alpha: 1 }, mesosNodes: 1, gateways: 1 }));
    const address = mesh.mesosNode(0).address;
    await mesh.consul.registerMany(
      ghosts.map((name, at) => ({
        node: "ghost",
        address,
        service: { Service: name, Address: address, Port: 20_000 + at, Tags: ["skyline"] },
      })),
    );
    await mesh.settled();
  });
  afterAll(() => stop?.());

  const held = async (node: Chooser) => {
    const { last } = (await node.status()) as { last: { held?: readonly string[] } };
    return { held: last.held ?? [], routed: Object.keys(node.live().model.services).sort() };
  };
  const all = (wanted: { held: string[]; routed: string[] }) =>
    waitUntil(
      `held are ${wanted.held.join(", ")}`,
      async () => {
        for (const node of mesh.choosers) expect(await held(node)).toEqual(wanted);
      },
      { timeoutMs: 30_000 },
    );
  const here = (...args: string[]) => run(args, { CONSUL_HTTP_ADDR: new URL(mesh.consul.url).host });

  test("given that many have gone at once, then nodes hold them until they may go, and say who let them", async () => {
    await mesh.consul.deregisterFrom("ghost");
    await all({ held: [...ghosts].sort(), routed: [...ghosts].sort() });

    const words = ["--why", "moved", "--by", "ann@desk"];
    expect(await here("one", "two", ...words)).toMatchObject({ code: 0, stderr: "" });
    const rest = ["five", "four", "three"];
    await all({ held: rest, routed: rest });
    expect(await here("--all", ...words)).toMatchObject({ code: 0, stderr: "" });
    await all({ held: [], routed: [] });
    for (const node of mesh.choosers) {
      expect(await node.status()).toMatchObject({ counters: { allowed: 5 } });
      expect(readFileSync(node.path("log", "apply.log"), "utf8")).toContain(
        '"override": {"by": "ann@desk", "why": "moved"}',
      );
    }
    expect(await here("--revoke")).toMatchObject({ code: 0 });
  });
});
