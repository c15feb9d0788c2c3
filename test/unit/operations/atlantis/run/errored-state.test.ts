import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { StackRun } from "../../../../../operations/atlantis/run/stack-run";
import type { VerifiedStack } from "../../../../../operations/atlantis/run/verified-stack";
import type { OperationFailure } from "../../../../../operations/failure";
import { StateServer } from "../../../../support/state-server";

// The real Terraform, and a backend that it reads, locks, and may not write.

jest.setTimeout(300_000);

let root: string;
let states: string;
let server: StateServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "skyline-errored-"));
  states = join(root, "the states");
  server = await StateServer.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const code = () =>
  JSON.stringify({
    terraform: server.backend,
    resource: { terraform_data: { main: { input: "made" } } },
  });
const verified = (): VerifiedStack => ({
  ...{ stack: "development-mesh", environment: "development", profile: undefined },
  ...{ code: code(), bundle: "sha256:0", stacks: 1 },
});
const given = (over: NodeJS.ProcessEnv = {}) => ({
  env: { ...process.env, SKYLINE_STATE_FOLDER: states, ...over },
  signal: new AbortController().signal,
});

async function applied(over: NodeJS.ProcessEnv = {}, before: (folder: string) => void = () => undefined) {
  let folder = "";
  const end = await StackRun.of(verified(), given(over), async (run) => {
    const made = await run.plan();
    if ("waitsFor" in made) throw new Error("it waits");
    folder = dirname(made.file);
    before(folder);
    server.refusesWrites = true;
    await run.apply(made, () => undefined);
  }).then(
    () => undefined,
    (error: OperationFailure) => error,
  );
  return { folder, end };
}

test("given a state that cannot be written, then it is kept, and its commands push it", async () => {
  const { folder, end } = await applied();
  expect(end).toMatchObject({ kind: "unrestored" });
  const [name = ""] = readdirSync(states);
  const kept = join(states, name);
  expect(name).toMatch(/^development-mesh-\d{8}T\d{9}Z\.tfstate$/);
  expect(readdirSync(states)).toEqual([name]);
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect(statSync(states).mode & 0o777).toBe(0o700);
  expect(end?.message).toContain(kept);
  expect(end?.hint).not.toMatch(/plan again/);
  expect(existsSync(folder)).toBe(false);
  // Until it is pushed, nothing of the stack is planned.
  const again = StackRun.of(verified(), given(), () => Promise.reject(new Error("it has begun")));
  await expect(again).rejects.toMatchObject({ kind: "refused", hint: end?.hint });
  await expect(again).rejects.toThrow(kept);

  server.refusesWrites = false;
  const clone = join(root, "clone");
  mkdirSync(clone);
  writeFileSync(join(clone, "cdk.tf.json"), code());
  const commands = /(\S+ init && .*?)\. Apply nothing/.exec(end?.hint ?? "")?.[1];
  await promisify(execFile)("sh", ["-c", commands ?? "false"], { cwd: clone });
  expect(JSON.parse(server.state ?? "")).toMatchObject({
    resources: [{ type: "terraform_data", instances: [{ attributes: { output: { value: "made" } } }] }],
  });
  expect(existsSync(kept)).toBe(false);
  const { end: empty } = await applied();
  expect(empty).toBeUndefined();
});

test("given a folder that cannot be made, then the work folder stays, and is named", async () => {
  const { folder, end } = await applied({ SKYLINE_STATE_FOLDER: join(root, "link") }, () =>
    writeFileSync(join(root, "link"), ""),
  );
  const left = join(folder, "errored.tfstate");
  try {
    expect(end).toMatchObject({ kind: "unrestored" });
    expect(end?.message).toContain(left);
    expect(end?.hint).toContain(`state push ${left}`);
    expect(readFileSync(left, "utf8")).toContain("made");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a folder that moves with the current one is refused before anything is made", async () => {
  await expect(
    StackRun.of(verified(), given({ SKYLINE_STATE_FOLDER: "states" }), () => Promise.resolve()),
  ).rejects.toMatchObject({ kind: "invalid" });
});

test("a state of a stack whose name begins with this one's is not this one's", async () => {
  mkdirSync(states);
  writeFileSync(join(states, "development-mesh-alpha-20260102T030405678Z.tfstate"), "{}");
  expect(await StackRun.of(verified(), given(), () => Promise.resolve("begun"))).toBe("begun");
});
