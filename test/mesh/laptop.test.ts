import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { http } from "../../operations/mesh/http";
import { identityOf } from "../../operations/mesh/identity";
import { builtCli } from "../support/built";
import { type Command, OrdinaryUser } from "../support/ordinary-user";
import { waitUntil } from "../support/process";

jest.setTimeout(300_000);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const folder = mkdtempSync(join(tmpdir(), "skyline-laptop-"));
const state = join(folder, ".skyline", "mesh");

const asMyself = (args: readonly string[], env: NodeJS.ProcessEnv): Command => ({
  ...{ command: process.execPath, args: [builtCli(), ...args], env: { ...process.env, ...env } },
});
let asWhom = asMyself;

/** The compiled CLI, in the folder of the test. */
function skyline(options: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const { command, args, env } = asWhom(options, more);
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => (ended[stream] += text));
    }
    child.once("close", (code) => resolve({ code: code ?? -1, ...ended }));
  });
}

const json = async <T>(...args: readonly string[]): Promise<{ code: number; data: T }> => {
  const { code, stdout } = await skyline([...args, "--json"]);
  return { code, data: (JSON.parse(stdout) as { data: T }).data };
};

interface Way {
  readonly name: string;
  readonly answeredBy: readonly string[];
  readonly requests: number;
  readonly failed: number;
}
interface Trace {
  readonly status: number;
  readonly answeredBy: string | null;
  readonly complete: boolean;
  readonly hops: readonly {
    readonly node: string;
    readonly listener: string;
    readonly route: string | null;
    readonly milliseconds: number;
    readonly ownMilliseconds: number;
  }[];
}
interface Status {
  readonly nodes: readonly {
    readonly name: string;
    readonly down: readonly string[];
    readonly generation: string | null;
  }[];
  readonly services: readonly unknown[];
}

const recorded = () =>
  JSON.parse(readFileSync(join(state, "processes.json"), "utf8")) as {
    readonly name: string;
    readonly pid: number;
    readonly identity: string;
  }[];

afterAll(async () => {
  await skyline(["mesh", "down"]);
  rmSync(folder, { recursive: true, force: true });
});

describe("without a mesh", () => {
  test.each([[["status"]], [["trace", "giphy/x"]], [["scale", "organization", "0"]]])(
    "%j ends with 4",
    async (args) => {
      expect(await skyline(["mesh", ...args])).toEqual({
        code: 4,
        stdout: "",
        stderr: `error: no mesh stands in ${state}\nhint: skyline mesh up\n`,
      });
    },
  );

  test("down has nothing to do", async () => {
    expect(await skyline(["mesh", "down"])).toEqual({
      code: 0,
      stdout: "nothing to do: no mesh stands\n",
      stderr: "",
    });
  });

  test("up names all programs that are missing, and what to do", async () => {
    const { code, stdout, stderr } = await skyline(["mesh", "up"], {
      PATH: "/nowhere",
      SKYLINE_CACHE: "/nowhere",
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^error: not found: consul, consul-template, coredns, nginx 1\.31\.3 or newer; neither on PATH nor in \/nowhere/,
    );
    expect(stderr).toContain("\nhint: install them, or run `npm run tools`");
    expect(existsSync(state)).toBe(false);
  });

  test("up --dry-run finds the programs, and starts nothing", async () => {
    const { code, stdout } = await skyline(["mesh", "up", "--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^PROGRAM +PATH\nconsul +\/.*consul\n[^]*nginx +\/.*nginx\n\nNothing is started\.\n$/,
    );
    expect(existsSync(state)).toBe(false);
  });

  describe.each([
    ["other files", {}],
    ["a mesh.json of somebody else", { "mesh.json": '{"name":"my 3d mesh"}' }],
    ["a mesh.json that is no JSON", { "mesh.json": "vertices: 3" }],
    ["a mesh.json like ours, and no marker", { "mesh.json": () => JSON.stringify(stale) }],
    ["a marker of a mesh elsewhere", { ".skyline-mesh.json": () => marker("/elsewhere") }],
    ["a marker of nobody", { ".skyline-mesh.json": "{}", "mesh.json": () => JSON.stringify(stale) }],
  ])("given a folder with %s", (_, files: Readonly<Record<string, string | (() => string)>>) => {
    const mine = join(folder, "mine");
    const all = () =>
      readdirSync(mine, { recursive: true, encoding: "utf8" })
        .sort()
        .map(
          (name) =>
            `${name} ${statSync(join(mine, name)).isFile() ? readFileSync(join(mine, name), "utf8") : ""}`,
        );
    beforeEach(() => {
      mkdirSync(join(mine, "src"), { recursive: true });
      writeFileSync(join(mine, "src", "a.txt"), "dear");
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(mine, name), typeof text === "string" ? text : text());
      }
    });
    afterEach(() => rmSync(mine, { recursive: true }));

    test.each([
      [["up", "--timeout", "1"]],
      [["down"]],
      [["down", "--dry-run"]],
      [["status"]],
      [["scale", "organization", "1"]],
    ])("%j ends with 2, says why, and leaves all as it is", async (command) => {
      const before = all();
      const { code, stdout, stderr } = await skyline(["mesh", ...command, "--directory", "mine"]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(
        /^error: \S+mine (has files, and was not made by skyline mesh up|is \S+, and its mesh was made in)/,
      );
      expect(all()).toEqual(before);
      expect(existsSync(`${mine}.lock`)).toBe(false);
    });
  });

  test.each([["up"], ["down"]])("%s leaves somebody else's lock file alone", async (command) => {
    const lock = join(folder, "yarn.lock");
    writeFileSync(lock, "# yarn lockfile v1\n");
    const { code, stderr } = await skyline(["mesh", command, "--directory", "yarn"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: \S+yarn\.lock is no lock of skyline mesh\n/);
    expect(readFileSync(lock, "utf8")).toBe("# yarn lockfile v1\n");
    rmSync(lock);
  });

  test("a file instead of a folder is refused with 2", async () => {
    writeFileSync(join(folder, "letter"), "dear");
    for (const command of ["up", "down", "status"]) {
      expect(await skyline(["mesh", command, "--directory", "letter"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("letter is no folder\n") as string,
      });
    }
    expect(readFileSync(join(folder, "letter"), "utf8")).toBe("dear");
  });

  test("a mesh whose mesh.json is damaged is told, and its folder stays", async () => {
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, ".skyline-mesh.json"), marker(state));
    writeFileSync(join(state, "mesh.json"), JSON.stringify({ ...stale, network: "127" }));
    for (const command of ["up", "down", "status"]) {
      const { code, stderr } = await skyline(["mesh", command]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/^error: \S+mesh\.json is damaged: network: .*\nhint: /) as string,
      });
    }
    rmSync(state, { recursive: true });
  });

  test("up that fails, and down, remove what they have made and nothing that has come since", async () => {
    const mine = join(folder, "empty");
    mkdirSync(mine);
    const ended = await skyline(["mesh", "up", "--timeout", "1", "--directory", "empty"]);
    expect(ended).toMatchObject({ code: 7 });
    // It was there before: it stays, and is empty as it was.
    expect(readdirSync(mine)).toEqual([]);

    mkdirSync(join(mine, "mesos-1"));
    writeFileSync(join(mine, ".skyline-mesh.json"), marker(mine));
    writeFileSync(join(mine, "mesh.json"), JSON.stringify(stale));
    writeFileSync(join(mine, "notes.txt"), "dear");
    const down = await skyline(["mesh", "down", "--directory", "empty"]);
    expect(down).toMatchObject({ code: 0, stderr: "" });
    expect(down.stdout).toMatch(/kept, as no mesh has made it: notes\.txt\n$/);
    expect(readdirSync(mine)).toEqual(["notes.txt"]);
  });

  test.each([
    [["up", "--weights", "alpha=60,bravo=60"]],
    [["up", "--weights", "alpha=100,charlie=0"]],
    [["up", "--weights", "alpha=50,alpha=50"]],
    [["up", "--weights", "alpha=-1,bravo=101"]],
    [["up", "--timeout", "0"]],
    [["scale", "organization", "-1"]],
    [["scale", "organization", "11"]],
    [["scale", "organization", "1e3"]],
    [["scale", "kubernetes", "1"]],
    [["scale", "../organization", "1"]],
    [["scale", "$(id)", "1"]],
    [["scale", "organization", "1", "--in", "\u001b[31m"]],
    [["trace", "giphy", "--method", "CONNECT"]],
  ])("%j is refused with 2", async (args) => {
    const { code, stdout } = await skyline(["mesh", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("what a reboot has ended is cleared away, and strangers with the ids of its processes are left alone", async () => {
    const stranger = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    try {
      mkdirSync(state, { recursive: true });
      writeFileSync(join(state, ".skyline-mesh.json"), marker(state));
      writeFileSync(join(state, "mesh.json"), JSON.stringify(stale));
      const one = {
        name: "consul-1/consul",
        command: "consul",
        args: [],
        cwd: state,
        logFile: join(state, "log"),
      };
      const identity = `another-boot:${identityOf(stranger.pid!)?.split(":")[1]}`;
      writeFileSync(join(state, "processes.json"), JSON.stringify([{ ...one, pid: stranger.pid, identity }]));
      // A run that was killed in the middle of its work.
      const lock = { pid: stranger.pid, identity, command: "skyline mesh up" };
      writeFileSync(`${state}.lock`, JSON.stringify(lock));
      expect(await skyline(["mesh", "status"])).toMatchObject({ code: 4 });
      expect(await skyline(["mesh", "down"])).toMatchObject({
        code: 0,
        stdout: "nothing to do: no mesh stands\n",
      });
      expect(existsSync(state)).toBe(false);
      expect(identityOf(stranger.pid!)).toBeDefined();
    } finally {
      stranger.kill("SIGKILL");
    }
  });
});

describe("a mesh on a laptop, of somebody who is not root", () => {
  let user: OrdinaryUser;
  let printed: string;

  beforeAll(async () => {
    user = await OrdinaryUser.make();
    mkdirSync(join(folder, ".skyline"), { recursive: true });
    [folder, join(folder, ".skyline")].forEach((path) => user.own(path));
    asWhom = (args, env) => user.node(builtCli(), args, env);
  });
  afterAll(async () => {
    asWhom = asMyself;
    await user?.remove();
  });

  test("up: of two at once one starts it, and the other ends with 5", async () => {
    const first = skyline(["mesh", "up"]);
    await waitUntil("the first has begun", async () => {
      if (!existsSync(`${state}.lock`)) throw new Error("not yet");
    });
    const second = await skyline(["mesh", "up"]);
    expect(second).toMatchObject({ code: 5, stdout: "" });
    expect(second.stderr).toMatch(
      /^error: skyline mesh up is at work on .*\nhint: wait until it has ended\n$/,
    );
    const { code, stdout, stderr } = await first;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    printed = stdout;
    expect(printed).not.toContain("\u001b");
  });

  test("up again ends with 5", async () => {
    const { code, stderr } = await skyline(["mesh", "up"]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error: a mesh stands in .* since 2\d{3}-.*\nhint: skyline mesh down\n$/);
  });

  test("none of its processes is root's", () => {
    const owners = recorded().map(({ pid }) => statSync(`/proc/${pid}`).uid);
    expect(owners.length).toBeGreaterThan(20);
    expect(owners).not.toContain(0);
  });

  test("each URL that it prints is answered", async () => {
    const calls = [...printed.matchAll(/^ {2}curl (?:-H 'Host: (\S+)' )?(http:\S+)/gm)];
    expect(calls).toHaveLength(4);
    const answers = await Promise.all(
      calls.map(async ([, host, url]) => {
        const { body } = await http(url!, host === undefined ? {} : { headers: { Host: host } });
        const { service, where } = JSON.parse(body) as { service: string; where: string };
        return `${service} in ${where}`;
      }),
    );
    expect(answers).toEqual([
      "organization in mesos",
      "giphy in alpha",
      "giphy in alpha",
      "organization in mesos",
    ]);
  });

  test("status shows every node with its generation, and where services are", async () => {
    const { code, data } = await json<Status>("mesh", "status");
    expect(code).toBe(0);
    expect(data.nodes.map(({ name }) => name)).toEqual([
      "consul-1",
      "mesos-1",
      "mesos-2",
      "gateway-1",
      "gateway-2",
      "alpha-worker-1",
      "bravo-worker-1",
      "cluster-alpha",
      "cluster-bravo",
    ]);
    expect(data.nodes.flatMap(({ down }) => down)).toEqual([]);
    expect(data.nodes.filter(({ generation }) => /^[0-9a-f]{12,}$/.test(generation ?? ""))).toHaveLength(6);
    const pod = (owner: string) => ({ pods: 1, owner });
    expect(data.services).toEqual([
      {
        name: "giphy",
        mesos: { healthy: 0, all: 0 },
        clusters: { alpha: pod("kubernetes"), bravo: pod("kubernetes") },
      },
      {
        name: "organization",
        mesos: { healthy: 2, all: 2 },
        clusters: { alpha: pod("mesos"), bravo: pod("mesos") },
      },
    ]);
  });

  test.each([
    [
      "giphy/media",
      ["mesos-1 local catch-all", /gateway-\d gateway kubernetes/, "alpha-worker-1 inbound kubernetes"],
    ],
    ["http://localhost:5040/service/organization/a?b=c", ["mesos-1 local mesos", /mesos-\d inbound mesos/]],
    ["organization/again", ["mesos-1 local mesos", /mesos-\d inbound mesos/]],
  ])("trace %s shows every hop", async (url, hops) => {
    const { code, data } = await json<Trace>("mesh", "trace", url);
    expect({ code, status: data.status, complete: data.complete }).toEqual({
      code: 0,
      status: 200,
      complete: true,
    });
    expect(data.hops.map(({ node, listener, route }) => `${node} ${listener} ${route}`)).toEqual(
      hops.map((hop) => (typeof hop === "string" ? hop : (expect.stringMatching(hop) as string))),
    );
  });

  test("trace tells where the time went", async () => {
    const { data } = await json<Trace>(
      "mesh",
      "trace",
      "giphy/slow?ms=300",
      "--from",
      "gateway-2",
      "--method",
      "POST",
    );
    expect(data.hops.map(({ node }) => node)).toEqual(["gateway-2", "alpha-worker-1"]);
    expect(data.hops.every(({ milliseconds }) => milliseconds >= 300)).toBe(true);
    expect(data.hops[0]!.ownMilliseconds).toBeLessThan(150);
    expect(data.hops[1]!.ownMilliseconds).toBeGreaterThanOrEqual(300);
  });

  test("trace of a call from Kubernetes to Mesos begins at the bridge", async () => {
    const [, , url] = /curl (-H 'Host: organization') (\S+)/.exec(printed)!;
    const { code, data } = await json<Trace>("mesh", "trace", url!);
    expect(await json<Trace>("mesh", "trace", "organization/hello", "--from", "alpha")).toMatchObject({
      code: 0,
      data: { status: 200, answeredBy: "organization v1 in mesos" },
    });
    expect(code).toBe(0);
    expect(data).toMatchObject({ status: 200, answeredBy: "organization v1 in mesos" });
    expect(data.hops.map(({ node, listener }) => `${node} ${listener}`)).toEqual([
      "alpha-worker-1 outbound",
      expect.stringMatching(/gateway-\d gateway/),
      expect.stringMatching(/mesos-\d inbound/),
    ]);
  });

  test.each([
    "http://example.com/service/giphy/x",
    "https://localhost:5040/service/giphy/x",
    "http://localhost:8500/v1/kv/x",
    "http://169.254.169.254/latest/meta-data",
    "http://user:word@localhost:5040/service/giphy",
    "http://localhost:5040\r\nX-Evil: 1/",
    "file:///etc/passwd",
    "giphy/a b",
    "Giphy/x",
    "",
  ])("trace %j is refused with 2", async (url) => {
    const { code, stderr } = await skyline(["mesh", "trace", url]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .* is no URL of this mesh: /);
  });

  test("trace sends a path as it is written", async () => {
    const { data } = await json<Trace>(
      "mesh",
      "trace",
      "http://localhost:5040/service/giphy/../organization/x",
    );
    expect(data.status).toBe(400);
  });

  test("scale to zero and back shows who answers, and fails no request", async () => {
    expect(await skyline(["mesh", "scale", "organization", "2"])).toMatchObject({
      code: 0,
      stdout: "nothing to do: organization has 2 in mesos\n",
    });
    const planned = await skyline(["mesh", "scale", "organization", "0", "--dry-run"]);
    expect(planned.stdout).toMatch(
      /^hand organization in alpha over to its own pods\n[^]*Nothing is changed\.\n$/,
    );

    const away = await json<{ ways: Way[] }>("mesh", "scale", "organization", "0");
    expect(
      away.data.ways.map(({ name, answeredBy, failed }) => [name, answeredBy[0], answeredBy.at(-1), failed]),
    ).toEqual(
      ["from mesos-2", "from outside", "from alpha", "from bravo"].map((name) => [
        name,
        "mesos v1",
        name === "from bravo" ? "bravo v2" : "alpha v2",
        0,
      ]),
    );
    expect(away.code).toBe(0);

    const back = await json<{ ways: Way[] }>("mesh", "scale", "organization", "2");
    expect(back.data.ways.map(({ failed }) => failed)).toEqual([0, 0, 0, 0]);
    expect(back.data.ways.map(({ answeredBy }) => answeredBy)).toEqual([
      ["alpha v2", "mesos v1"],
      ["alpha v2", "mesos v1"],
      ["alpha v2", "mesos v1"],
      ["bravo v2", "mesos v1"],
    ]);
    expect(back.data.ways.every(({ requests }) => requests > 20)).toBe(true);
    expect(back.code).toBe(0);
  });

  test("scale does not take the last instance of all without being told to", async () => {
    await skyline(["mesh", "scale", "alone", "1"]);
    const refused = await skyline(["mesh", "scale", "alone", "0"]);
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(refused.stderr).toBe(
      "error: alone runs in mesos alone: without it nobody would answer\nhint: skyline mesh scale alone 1 --in alpha, or --force\n",
    );
    const forced = await json<{ ways: Way[] }>("mesh", "scale", "alone", "0", "--force");
    expect(forced.code).toBe(6);
  });

  test("status tells what is down, and ends with 6", async () => {
    const { pid } = recorded().find(({ name }) => name === "gateway-2/nginx")!;
    process.kill(-pid, "SIGKILL");
    await waitUntil("it is dead", async () => {
      if (identityOf(pid) !== undefined) throw new Error("not yet");
    });
    const { code, stdout, stderr } = await skyline(["mesh", "status"]);
    expect(code).toBe(6);
    expect(stdout).toMatch(/^gateway-2 +127\.\S+ +down: nginx$/m);
    expect(stderr).toContain("gateway-2  does not run: nginx\n");
  });

  test("down stops exactly what was started, and a second one has nothing to do", async () => {
    const all = recorded();
    expect((await skyline(["mesh", "down", "--dry-run"])).stdout).toMatch(
      /\n\d+ processes would be stopped\n$/,
    );
    expect((await skyline(["mesh", "down"])).stdout).toMatch(/^stopped: \d+ processes\n$/);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ pid, identity }) => identityOf(pid) === identity)).toEqual([]);
    expect(existsSync(state)).toBe(false);
    expect(await skyline(["mesh", "down"])).toMatchObject({
      code: 0,
      stdout: "nothing to do: no mesh stands\n",
    });
  });

  test("up that is interrupted stops what it has started", async () => {
    const child = spawn(process.execPath, [builtCli(), "mesh", "up"], { cwd: folder, stdio: "ignore" });
    await waitUntil("Consul runs", async () => {
      if (!existsSync(join(state, "processes.json"))) throw new Error("not yet");
    });
    const all = recorded();
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(130);
    expect(all.filter(({ pid, identity }) => identityOf(pid) === identity)).toEqual([]);
    expect(existsSync(state)).toBe(false);
  });
});

/** What makes a folder that of a mesh. */
function marker(directory: string): string {
  const real = existsSync(directory) ? realpathSync(directory) : directory;
  return JSON.stringify({ format: 1, madeBy: "skyline mesh up", directory: real, made: directory === state });
}

/** As an older run has left it. */
const stale = {
  format: 1,
  environment: "development",
  domain: "development.example.internal",
  network: { x: 249, y: 248 },
  consulServers: 1,
  consulAgents: false,
  mesosNodes: 1,
  gateways: 1,
  workers: { alpha: 1 },
  weights: { alpha: 100 },
  service: { namespace: "default", port: 8080 },
  binaries: { consul: "", consulTemplate: "", coredns: "", nginx: "" },
  clusters: [{ name: "alpha", index: 0, services: [] }],
  instances: [],
  counter: 0,
  startedAt: "2026-01-01T00:00:00.000Z",
};
