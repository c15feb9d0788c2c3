import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { builtCli } from "../../support/built";
import { developmentPlatform } from "../../support/platform";
import { waitUntil } from "../../support/process";

jest.setTimeout(30_000);

const REPOSITORY = join(__dirname, "..", "..", "..");

let project: string;
let temporary: string;

/** A project whose app writes what the repository's own would, without the time that it takes. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "skyline-command-"));
  temporary = join(project, "tmp");
  mkdirSync(temporary);
  cpSync(join(REPOSITORY, "environments"), join(project, "environments"), { recursive: true });
  const stack = "development-platform-bravo";
  const made = join(project, "made", "stacks", stack);
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, "cdk.tf.json"), JSON.stringify(developmentPlatform().stack.code));
  const manifest = { stacks: { [stack]: { workingDirectory: `stacks/${stack}`, dependencies: [] } } };
  writeFileSync(join(project, "made", "manifest.json"), JSON.stringify(manifest));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));
beforeEach(() =>
  app('echo talk; echo "$SKYLINE_ENVIRONMENTS ${AWS_ACCESS_KEY_ID-none}" > seen; cp -r made "$CDKTF_OUTDIR"'),
);

const app = (command: string) => writeFileSync(join(project, "cdktf.json"), JSON.stringify({ app: command }));

async function skyline(...args: string[]) {
  const env = { ...process.env, TMPDIR: temporary, AWS_ACCESS_KEY_ID: "secret" };
  const { stdout, stderr, code } = await promisify(execFile)(
    process.execPath,
    [builtCli(), "manifests", ...args],
    {
      cwd: project,
      env,
    },
  ).then(
    (ended) => ({ ...ended, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { stdout, stderr, code };
}

const DEVELOPMENT = ["--env", "development", "--cluster", "bravo"];

test("prints the platform as YAML, and no talk", async () => {
  expect(await skyline(...DEVELOPMENT)).toEqual({ stdout: developmentPlatform().yaml, stderr: "", code: 0 });
});

test("--json prints one document with the list", async () => {
  const { stdout } = await skyline(...DEVELOPMENT, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, exitCode: 0, data: developmentPlatform().manifests });
});

test("--bootstrap prints the deployer's rights alone", async () => {
  const { stdout } = await skyline(...DEVELOPMENT, "--bootstrap");
  expect(parseAllDocuments(stdout).map((document) => document.get("kind"))).toEqual([
    "ClusterRole",
    "ClusterRoleBinding",
  ]);
});

test("the app gets the folder of environments and no credentials, and leaves nothing behind", async () => {
  await skyline(...DEVELOPMENT);
  expect(readFileSync(join(project, "seen"), "utf8")).toBe(`${join(project, "environments")} none\n`);
  expect(readdirSync(temporary)).toEqual([]);
});

test.each([
  [["--env", "developmnt", "--cluster", "bravo"], 'no environment "developmnt"', "did you mean development?"],
  [["--env", "development", "--cluster", "brvo"], 'no cluster "brvo"', "did you mean bravo?"],
  [["--env", "development", "--cluster", "zulu"], 'no cluster "zulu"', "name one of alpha, bravo"],
  [["--env", "development"], "required option '--cluster <cluster>'", "skyline manifests --help"],
])("%j: exit 2", async (args, message, hint) => {
  const { stdout, stderr, code } = await skyline(...args);
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test("given an app that fails, then the end of what it said is told, and nothing is left behind", async () => {
  app("echo it went wrong; exit 3");
  const { stdout, stderr, code } = await skyline(...DEVELOPMENT);
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toMatch(/the app did not synthesize \(exit 3\):\nit went wrong/);
  expect(readdirSync(temporary)).toEqual([]);
});

test("given an app that makes no such stack, then that is said", async () => {
  app('mkdir -p "$CDKTF_OUTDIR"; echo \'{"stacks":{}}\' > "$CDKTF_OUTDIR/manifest.json"');
  const { stderr, code } = await skyline(...DEVELOPMENT);
  expect(code).toBe(2);
  expect(stderr).toContain("the app has made no stack development-platform-bravo");
});

test("given a removed cluster, then nothing is printed, and why is said", async () => {
  const code = { terraform: {}, provider: {} };
  const folder = 'd="$CDKTF_OUTDIR/stacks/development-platform-bravo"';
  app(`cp -r made "$CDKTF_OUTDIR"; ${folder}; echo '${JSON.stringify(code)}' > "$d/cdk.tf.json"`);
  expect(await skyline(...DEVELOPMENT)).toEqual({
    stdout: "",
    stderr: "cluster bravo is to be emptied: its platform stack holds nothing\n",
    code: 0,
  });
  const bootstrap = await skyline(...DEVELOPMENT, "--bootstrap");
  expect(bootstrap).toMatchObject({ stdout: "", code: 4 });
});

test("given an interruption, then the app ends, nothing is left behind, and the exit code says so", async () => {
  app("echo $$ > pid; exec sleep 60");
  const child = spawn(process.execPath, [builtCli(), "manifests", ...DEVELOPMENT], {
    cwd: project,
    env: { ...process.env, TMPDIR: temporary },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const pid = await waitUntil("the app runs", async () => {
    const id = Number(readFileSync(join(project, "pid"), "utf8"));
    if (!(id > 1)) throw new Error("it has not told its id");
    return id;
  });
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(() => process.kill(pid, 0)).toThrow();
  expect(readdirSync(temporary)).toEqual([]);
});

test("the help shows how to apply", async () => {
  const { stdout } = await skyline("--help");
  expect(stdout).toContain(
    "$ skyline manifests --env development --cluster bravo | kubectl apply --server-side -f -",
  );
});
