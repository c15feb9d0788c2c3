import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Review } from "../../../operations/review/model";
import type { SarifLog } from "../../../operations/review/sarif";
import { builtCli } from "../../support/built";
import { startCli, type Ended } from "../../support/cli";
import { ConsulServer } from "../../support/consul-server";
import { readMarkdown } from "../../support/markdown";
import { sarifProblems } from "../../support/sarif";
import { REPOSITORY } from "../../support/terraform-project";

jest.setTimeout(600_000);

const PLANS = join(REPOSITORY, "test", "fixtures", "plans");
const REMOVAL = "removal-of-an-active-cluster";

let folder: string;

beforeAll(() => {
  builtCli();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skyline-review-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (scenario: string, stack: string) => join(PLANS, scenario, `development-${stack}.json`);
const plansOf = (scenario: string) =>
  readdirSync(join(PLANS, scenario)).map((file) => join(PLANS, scenario, file));
const review = (...args: readonly string[]) => startCli(["review", ...args], {}, folder).ended;
const dataOf = ({ stdout }: Ended) => (JSON.parse(stdout) as { data: Review }).data;

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** A run whose stdin holds this. */
function piped(text: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [builtCli(), "review", ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (data: string) => (stdout += data));
    child.stderr.setEncoding("utf8").on("data", (data: string) => (stderr += data));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(text);
  });
}

describe("plans in", () => {
  test("given plans without changes, it says so on stdout alone, and ends with 0", async () => {
    expect(await review(...plansOf("no-change"))).toEqual({
      code: 0,
      stdout: "**No changes (development).**\n\n3 stacks reviewed.\n",
      stderr: "",
    });
  });

  test("given the same plans in another order, the comment has the same bytes", async () => {
    const plans = plansOf("new-cluster");
    const [one, other] = await Promise.all([review(...plans), review(...plans.reverse())]);
    expect(one.stdout).toBe(other.stdout);
    expect(one.stdout).toContain("**No danger found (development):**");
  });

  test("given one plan on stdin, by its stack's name, it reviews that", async () => {
    const { code, stdout } = await piped(
      readFileSync(plan("gateway-roll", "mesh"), "utf8"),
      "--stack",
      "development-mesh=-",
    );
    expect({ code, first: stdout.split(":")[0] }).toEqual({ code: 0, first: "**Look closely (development)" });
  });

  test("given a file of another name, and a stack that waits, each is what was said", async () => {
    cpSync(plan("gateway-roll", "mesh"), join(folder, "out.json"));
    const ended = await review(
      "--json",
      ...["--stack", "development-mesh=out.json"],
      ...["--waits", "development-platform-bravo=development-cluster-bravo"],
    );
    expect(dataOf(ended).stacks.map(({ stack, state, waitsFor }) => [stack, state, waitsFor])).toEqual([
      ["development-mesh", "changes", null],
      ["development-platform-bravo", "waits", "development-cluster-bravo"],
    ]);
  });

  test.each([
    ["no plan", [], "a plan is missing"],
    ["stdin without a name", ["-"], "give it as --stack <stack>=-"],
    ["stdin twice", ["--stack", "a-mesh=-", "--stack", "a-network=-"], "named more than once"],
    ["a file that is not there", ["development-mesh.json"], "development-mesh.json cannot be read: ENOENT"],
    ["a file that is called like no stack", ["plan.json"], "call the file <stack>.json"],
    ["a stack with a path in its name", ["--stack", "../../x-mesh=a.json"], "is no stack of an environment"],
    ["a stack without a file", ["--stack", "development-mesh"], "It is to be stack=file."],
    ["a limit that is too low", ["--max", "100", "a-mesh.json"], "It is no number of bytes from 8000"],
    ["two sources of the dial", ["--dial", "a", "--live", "a-mesh.json"], "cannot be used with"],
  ])("given %s, it ends with 2", async (_what, args, message) => {
    const { code, stdout, stderr } = await review(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("given no plan, half a plan and the same stack twice, it ends with 2 and names the file", async () => {
    const files = [write("development-mesh.json", "{}"), write("development-network.json", '{"format_')];
    for (const file of files) {
      const { code, stderr } = await review(file);
      expect({ code, isNamed: stderr.includes(file) }).toEqual({ code: 2, isNamed: true });
    }
    const mesh = plan("gateway-roll", "mesh");
    expect(await review(mesh, mesh)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("development-mesh is given twice"),
    });
  });
});

describe("reviews out", () => {
  test("given a refusal, the comment is on stdout, the reason's count on stderr, and it ends with 4", async () => {
    const { code, stdout, stderr } = await review(...plansOf(REMOVAL));
    expect(code).toBe(4);
    expect(stdout).toMatch(/^\*\*Do not apply \(development\):\*\* /);
    expect(readMarkdown(stdout).problems).toEqual([]);
    expect(stderr).toMatch(/^error: these plans are not to be applied, for (one reason|\d+ reasons)\n/);
  });

  test("given --json, the document has the review and the refusal", async () => {
    const ended = await review("--json", ...plansOf(REMOVAL));
    expect(JSON.parse(ended.stdout)).toMatchObject({
      schemaVersion: 1,
      ok: false,
      exitCode: 4,
      errors: [{ code: "review-refused" }],
      data: { schemaVersion: 1, verdict: "refused" },
    });
  });

  test("given --sarif, the file has the same meanings, and the comment is there as well", async () => {
    const file = join(folder, "review.sarif");
    const ended = await review("--sarif", file, "--json", ...plansOf(REMOVAL));
    const log = JSON.parse(readFileSync(file, "utf8")) as SarifLog;
    expect(sarifProblems(log)).toEqual([]);
    const { meanings, findings } = dataOf(ended);
    expect(log.runs[0].results).toHaveLength(meanings.length + findings.length);
    expect(readdirSync(folder)).toEqual(["review.sarif"]);
  });

  test("given a file that cannot be written, it ends with 2 and leaves nothing behind", async () => {
    mkdirSync(join(folder, "taken"));
    expect(await review("--sarif", "taken", ...plansOf("no-change"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("taken cannot be written"),
    });
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  test("given a limit, the comment keeps below it and says what it leaves out", async () => {
    const { stdout } = await review("--max", "8000", ...plansOf(REMOVAL));
    expect(Buffer.byteLength(stdout)).toBeLessThan(8000);
    expect(stdout).toMatch(/… and \d+ more, left out here/);
    expect(readMarkdown(stdout).problems).toEqual([]);
  });
});

describe("facts beside the plans", () => {
  const shares = ({ pictures }: Review) =>
    pictures.flatMap(({ before }) => before.clusters.map(({ name, weight }) => [name, weight]));

  test("given no dial, shares are unknown; given a file, they are what it says", async () => {
    const plans = plansOf("removal-of-an-active-cluster");
    const dial = write("dial.json", { development: { alpha: 25, bravo: 75 } });
    const [without, given] = await Promise.all([
      review("--json", ...plans),
      review("--json", "--dial", dial, ...plans),
    ]);
    expect(shares(dataOf(without))).toEqual([
      ["alpha", null],
      ["bravo", null],
    ]);
    expect(shares(dataOf(given))).toEqual([
      ["alpha", 25],
      ["bravo", 75],
    ]);
  });

  test.each([
    ["no JSON", "{", "cannot be read"],
    ["a list", [], "holds no object"],
    ["weights that are not 100", { development: { alpha: 99 } }, "the sum of the weights is 99, and not 100"],
    ["no name of an environment", { "../x": { alpha: 100 } }, "it is no name of an environment"],
    ["a key that is none", '{"__proto__": {"alpha": 100}}', "it is no name of an environment"],
  ])("given a dial of %s, it ends with 2", async (_what, content, message) => {
    const { code, stderr } = await review("--dial", write("dial.json", content), ...plansOf("no-change"));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test("given --live, shares are those of Consul; without Consul it ends with 9", async () => {
    const consul = await ConsulServer.start("development");
    try {
      await consul.call("PUT", "/v1/kv/skyline/development/dial", {
        ...{ generation: 1, weights: { bravo: 100 }, by: "anna", why: "a test", at: "2026-11-22T12:00:00Z" },
      });
      const args = ["--live", "--directory", join(REPOSITORY, "environments"), ...plansOf(REMOVAL)];
      const live = (env: NodeJS.ProcessEnv) => startCli(["review", "--json", ...args], env, folder).ended;
      expect(shares(dataOf(await live(consul.env)))).toEqual([
        ["alpha", 0],
        ["bravo", 100],
      ]);
      expect(await live({ CONSUL_HTTP_ADDR: "127.0.0.1:1" })).toMatchObject({ code: 9 });
    } finally {
      await consul.stop();
    }
  });

  describe("the stacks' code", () => {
    /** Code of the mesh that says this of itself. */
    function code(stack: string, exemptions: readonly object[] = []): void {
      const path = join(folder, "cdktf.out", "stacks", "development-mesh");
      mkdirSync(path, { recursive: true });
      const skyline = { environment: "development", stack, exemptions };
      writeFileSync(join(path, "cdk.tf.json"), JSON.stringify({ "//": { skyline } }));
    }

    test("given findings, it ends with 4; given their exemptions, it shows them with their owners", async () => {
      const text = readFileSync(plan("gateway-roll", "mesh"), "utf8");
      const file = write(
        "development-mesh.json",
        text.replace(/("http_tokens": ?)"required"/g, '$1"optional"'),
      );
      const refused = await review("--json", file);
      const { findings } = dataOf(refused);
      expect(refused.code).toBe(4);
      expect(findings.map(({ check }) => check)).toContain("instance-metadata-v1");
      code(
        "development-mesh",
        findings.map(({ check, stack, address }) => ({
          ...{ check, resource: `${stack}/${address}`, reason: "Until March", owner: "team-edge" },
          source: "file",
        })),
      );
      const exempted = await review("--stacks", "cdktf.out", file);
      expect(exempted).toMatchObject({ code: 0, stderr: "" });
      expect(exempted.stdout).toContain("### Exempted from policy");
      expect(exempted.stdout).toContain(": Until March (owner `team-edge`)");
    });

    test("given an environment whose name looks like a stack's, it is asked for by the code's word", async () => {
      const path = join(folder, "cdktf.out", "stacks", "dev-cluster-mesh");
      mkdirSync(path, { recursive: true });
      const skyline = { environment: "dev-cluster", stack: "dev-cluster-mesh", exemptions: [] };
      writeFileSync(join(path, "cdk.tf.json"), JSON.stringify({ "//": { skyline } }));
      const waits = ["--waits", "dev-cluster-mesh=dev-cluster-network"];
      const { code, stdout } = await review("--json", ...waits, "--stacks", "cdktf.out");
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as { data: Review }).data.stacks).toMatchObject([
        { environment: "dev-cluster", kind: "mesh", state: "waits" },
      ]);
      // Neither has a file: the message says which was looked for.
      const args = [...waits, "--live", "--directory", join(REPOSITORY, "environments")];
      const asCode = await review(...args, "--stacks", "cdktf.out");
      expect(asCode.stderr).toContain('no environment "dev-cluster" in');
      expect((await review(...args)).stderr).toContain('no environment "dev" in');
    });

    test("given that of another stack, or none, it ends with 2", async () => {
      const args = ["--stacks", "cdktf.out", plan("gateway-roll", "mesh")];
      expect(await review(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("cdk.tf.json cannot be read"),
      });
      code("development-network");
      expect(await review(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('"development-network"'),
      });
    });
  });
});
