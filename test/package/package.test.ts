import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

jest.setTimeout(600_000);

const REPOSITORY = join(__dirname, "..", "..");
let project: string;

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: "", npm_config_audit: "false", npm_config_fund: "false" };
  const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout, stderr } = await promisify(execFile)(command, args, options).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${command} ${args.join(" ")}:\n${error.stdout}\n${error.stderr}`);
    },
  );
  return stdout + stderr;
}

/** What `npm pack` gives, installed in a project outside of the repository as a user would. */
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "skyline-consumer-"));
  cpSync(join(__dirname, "consumer"), project, { recursive: true });
  // dist is built by the test command: a build in here would race with the tests that run it.
  const packed = await run(
    REPOSITORY,
    "npm",
    "pack",
    "--ignore-scripts",
    "--json",
    "--pack-destination",
    project,
  );
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("["), packed.lastIndexOf("]") + 1)) as [
    { filename: string },
  ];
  const versions = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const own = ["typescript", "jest", "@types/jest", "@types/node"].map((name) => [
    name,
    versions.devDependencies[name],
  ]);
  const file = join(project, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as object;
  const complete = {
    ...manifest,
    dependencies: { skyline: `file:${filename}` },
    devDependencies: Object.fromEntries(own),
  };
  writeFileSync(file, JSON.stringify(complete, null, 2));
  await run(project, "npm", "install", "--prefer-offline", "--no-package-lock");
});

afterAll(() => rm(project, { recursive: true, force: true }));

test("a project outside writes an environment in TypeScript, replaces the network, and builds", async () => {
  await run(project, "npm", "run", "build");
  await run(project, "node", "dist/main.js");
  const code = join(project, "cdktf.out", "stacks", "consumer-cluster-alpha", "cdk.tf.json");
  const { resource } = JSON.parse(readFileSync(code, "utf8")) as { resource: Record<string, object> };
  expect(Object.keys(resource)).toContain("aws_eks_cluster");
  expect(Object.keys(resource)).not.toContain("aws_vpc");
});

test("its own jest test runs with the library's helpers", async () => {
  expect(await run(project, "npx", "jest")).toMatch(/Tests: +2 passed, 2 total/);
});

test("has one cdktf and one constructs, and no provider's root is loaded", async () => {
  const script = `
    require("./dist/stacks.js"); require("skyline/testing");
    const loaded = Object.keys(require.cache);
    const roots = loaded.filter((file) => /provider-(aws|kubernetes)\\/lib\\/(index|lazy-index)\\.js$/.test(file));
    const copies = new Set(loaded.map((file) => /^.*node_modules\\/(cdktf|constructs)(?=\\/)/.exec(file)?.[0]).filter(Boolean));
    console.log(JSON.stringify({ roots, copies: copies.size }));`;
  expect(JSON.parse(await run(project, "node", "-e", script))).toEqual({ roots: [], copies: 2 });
});

test("the CLI starts without cdktf", async () => {
  const script = `
    require("./node_modules/skyline/dist/cli/program.js");
    console.log(JSON.stringify(Object.keys(require.cache).filter((file) => /node_modules\\/(cdktf|constructs|@cdktf)\\//.test(file))));`;
  expect(JSON.parse(await run(project, "node", "-e", script))).toEqual([]);
});

test("brings the CLI, and everything that it reads", async () => {
  expect(await run(project, "npx", "skyline", "--version")).toMatch(/^\d+\.\d+\.\d+/);
  cpSync(
    join(REPOSITORY, "environments", "development.yaml"),
    join(project, "environments", "development.yaml"),
  );
  expect(await run(project, "npx", "skyline", "env", "validate", "development")).toContain(
    "development: valid",
  );
});

test("what is not for users is not in it", async () => {
  const listed = await run(REPOSITORY, "npm", "pack", "--ignore-scripts", "--dry-run", "--json");
  const [{ files }] = JSON.parse(listed.slice(listed.indexOf("["), listed.lastIndexOf("]") + 1)) as [
    { files: { path: string }[] },
  ];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "mesh/bridge/nginx.conf"]),
  );
  expect(paths.filter((path) => /(^|\/)(test|bench|node_modules)\/|\.test\.|tfstate/.test(path))).toEqual([]);
});
