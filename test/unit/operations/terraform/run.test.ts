import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment } from "../../../../operations/terraform/environment";
import { runTerraform } from "../../../../operations/terraform/run";
import { withWorkFolder } from "../../../../operations/terraform/work-folder";
import { waitUntil } from "../../../support/process";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-run-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program in Terraform's place. */
function place(script: string, signal = new AbortController().signal) {
  const binary = join(folder, "terraform");
  writeFileSync(binary, `#!/bin/sh\n${script}\n`);
  chmodSync(binary, 0o755);
  return { binary, folder, env: { PATH: process.env.PATH }, signal };
}

test("gives back exit code and outputs, and lines of stdout as they come", async () => {
  const lines: string[] = [];
  const end = await runTerraform(place('printf "ä\\nb"; echo no >&2; exit 3'), ["plan"], {
    onLine: (line) => lines.push(line),
  });
  expect(end).toEqual({ code: 3, stdout: "ä\nb", stderr: "no\n" });
  expect(lines).toEqual(["ä"]);
});

test("given an interruption, then Terraform alone is told, once, and has its time", async () => {
  const controller = new AbortController();
  // The child that it starts stands for a provider: a signal to it would be in the log. No shell: in the background that
  // would ignore what Ctrl-C sends.
  const provider = `
    const { appendFileSync, existsSync } = require("fs");
    ["SIGINT", "SIGTERM"].forEach((signal) => process.on(signal, () => appendFileSync("log", signal + "\\n")));
    appendFileSync("log", "up\\n");
    setInterval(() => existsSync("done") && process.exit(), 50);`;
  writeFileSync(join(folder, "provider.js"), provider);
  const script = `
    "${process.execPath}" provider.js &
    trap 'echo interrupted >> log; touch done; wait; exit 1' INT
    trap 'echo terminated >> log' TERM
    while :; do sleep 0.1; done`;
  const running = runTerraform(place(script, controller.signal), ["plan"]);
  await waitUntil("it is up", async () => expect(readFileSync(join(folder, "log"), "utf8")).toBe("up\n"));
  controller.abort();
  await expect(running).rejects.toMatchObject({ kind: "interrupted" });
  expect(readFileSync(join(folder, "log"), "utf8")).toBe("up\ninterrupted\n");
});

test("given one that does not end by itself, then it is killed with all that it has started", async () => {
  const controller = new AbortController();
  const script =
    'trap "" INT; (trap "" INT; while :; do sleep 0.1; done) & echo $! > pid; while :; do sleep 0.1; done';
  const running = runTerraform(place(script, controller.signal), ["plan"], { patienceMs: 100 });
  const pid = await waitUntil("it is up", async () => {
    const text = readFileSync(join(folder, "pid"), "utf8");
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
  controller.abort();
  await expect(running).rejects.toMatchObject({ kind: "interrupted" });
  await waitUntil("its child has ended", async () => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
});

test("given one that has done its work in spite of the interruption, then it is done", async () => {
  const controller = new AbortController();
  const running = runTerraform(
    place("trap 'exit 0' INT; echo up; while :; do sleep 0.1; done", controller.signal),
    ["apply"],
    {
      onLine: () => controller.abort(),
    },
  );
  expect(await running).toMatchObject({ code: 0 });
});

test("given an interruption before its start, then it is not started", async () => {
  const script = 'touch "$PWD/started"';
  await expect(runTerraform(place(script, AbortSignal.abort()), ["plan"])).rejects.toMatchObject({
    kind: "interrupted",
  });
  expect(existsSync(join(folder, "started"))).toBe(false);
});

test("a program that is not there is missing", async () => {
  const nowhere = { ...place(""), binary: join(folder, "nothing") };
  await expect(runTerraform(nowhere, ["plan"])).rejects.toMatchObject({ kind: "missing" });
});

test("its environment has credentials, and nothing that steers it", () => {
  const env = cleanEnvironment({
    ...{ PATH: "/bin", HOME: "/home/atlantis", AWS_ROLE_ARN: "arn", TF_CLI_CONFIG_FILE: "/etc/rc" },
    ...{
      TF_VAR_size: "1",
      TF_CLI_ARGS_plan: "-target=a",
      TF_DATA_DIR: "/clone",
      TF_WORKSPACE: "b",
      TF_LOG: "trace",
    },
    ...{ NODE_OPTIONS: "--require=/clone/a.js", ATLANTIS_GH_TOKEN: "token", HEAD_BRANCH_NAME: "$(id)" },
  });
  expect(env).toEqual({
    ...{ PATH: "/bin", HOME: "/home/atlantis", AWS_ROLE_ARN: "arn", TF_CLI_CONFIG_FILE: "/etc/rc" },
    ...{ TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1" },
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "1",
  });
});

test("with a profile, the environment has no credentials that would be taken before it", () => {
  const env = cleanEnvironment(
    {
      ...{ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_SESSION_TOKEN: "c", AWS_PROFILE: "other" },
      ...{ AWS_ROLE_ARN: "d", AWS_WEB_IDENTITY_TOKEN_FILE: "e", AWS_CONFIG_FILE: "/etc/aws" },
    },
    "skyline-development",
  );
  const ofAws = Object.entries(env).filter(([name]) => name.startsWith("AWS_"));
  expect(Object.fromEntries(ofAws)).toEqual({
    AWS_PROFILE: "skyline-development",
    AWS_CONFIG_FILE: "/etc/aws",
  });
});

test("its folder is for this user alone, and goes with the work, however that ends", async () => {
  let path = "";
  const work = withWorkFolder(async (made) => {
    path = made;
    expect(statSync(made).mode & 0o777).toBe(0o700);
    writeFileSync(join(made, "state"), "");
    throw new Error("no");
  });
  await expect(work).rejects.toThrow("no");
  expect(existsSync(path)).toBe(false);
});
