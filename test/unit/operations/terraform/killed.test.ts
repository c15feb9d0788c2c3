import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { builtCli } from "../../../support/built";
import { waitUntil } from "../../../support/process";
import { StateServer } from "../../../support/state-server";

// A process that is killed in the middle of an apply, with the real Terraform.

jest.setTimeout(300_000);

let root: string;
let server: StateServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "skyline-killed-"));
  server = await StateServer.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** Runs work of a process of its own in a work folder below `root`. */
function node(work: string) {
  const modules = join(dirname(dirname(builtCli())), "operations", "terraform");
  const script = `
    const { runTerraform } = require(${JSON.stringify(join(modules, "run.js"))});
    const { withWorkFolder } = require(${JSON.stringify(join(modules, "work-folder.js"))});
    const { signal } = new AbortController();
    withWorkFolder(async (folder) => {
      const terraform = (...args) => runTerraform({ binary: "terraform", folder, env: process.env, signal }, args);
      ${work}
    });`;
  const child = spawn(process.execPath, ["-e", script], {
    env: { ...process.env, TMPDIR: root, CHECKPOINT_DISABLE: "1" },
    stdio: "ignore",
  });
  return { child, ended: new Promise((resolve) => child.once("exit", resolve)) };
}

const workFolders = () => readdirSync(root).filter((name) => name.startsWith("skyline-terraform-"));

test("given a kill -9 in the middle of an apply, then all of it is in the state, and its lock and folder go", async () => {
  // Each step waits for a file of the test, and prints: into a pipe that nobody reads, that would be Terraform's end.
  const step = (name: string, after?: string) => ({
    input: name,
    ...(after === undefined ? {} : { depends_on: [`terraform_data.${after}`] }),
    provisioner: {
      "local-exec": {
        command: `touch ${root}/${name}; while [ ! -e ${root}/go ]; do echo ${name}; sleep 0.1; done; echo ${name}`,
      },
    },
  });
  writeFileSync(
    join(root, "code.json"),
    JSON.stringify({
      terraform: server.backend,
      resource: {
        terraform_data: { one: step("one"), two: step("two", "one"), three: step("three", "two") },
      },
    }),
  );
  const { child, ended } = node(`
    require("fs").copyFileSync(${JSON.stringify(join(root, "code.json"))}, folder + "/cdk.tf.json");
    await terraform("init", "-json");
    await terraform("apply", "-json", "-auto-approve");`);
  await waitUntil("the first step runs", async () => expect(existsSync(join(root, "one"))).toBe(true), {
    timeoutMs: 120_000,
  });
  expect(server.lock).toBeDefined();
  child.kill("SIGKILL");
  await ended;
  const [abandoned = ""] = workFolders();
  // Another start leaves the folder alone while Terraform works in it.
  await node("").ended;
  expect(workFolders()).toEqual([abandoned]);
  writeFileSync(join(root, "go"), "");
  await waitUntil("the lock is free", async () => expect(server.lock).toBeUndefined(), {
    timeoutMs: 120_000,
  });
  const { resources } = JSON.parse(server.state ?? "") as { resources: { name: string }[] };
  expect(resources.map(({ name }) => name).sort()).toEqual(["one", "three", "two"]);
  await waitUntil("Terraform has ended, and a later start removes its folder", async () => {
    await node("").ended;
    expect(workFolders()).toEqual([]);
  });
});

describe("at the next start", () => {
  /** A folder as a run leaves it that is killed. */
  function abandoned(name: string, running: string) {
    const folder = join(root, `skyline-terraform-${name}`);
    mkdirSync(join(folder, "stack"), { recursive: true });
    writeFileSync(join(folder, "a.pid"), running);
    return folder;
  }
  const said = (pid: number | undefined, host = hostname()) => `${JSON.stringify({ host, pid })}\n`;
  const gone = async () => {
    const { child, ended } = node("");
    await ended;
    return child.pid;
  };

  test("a folder of a process that is gone is removed, and no other", async () => {
    const pid = await gone();
    abandoned("gone", said(pid));
    const kept = [
      abandoned("works", said(process.pid)),
      abandoned("begins", ""),
      abandoned("elsewhere", said(pid, "another")),
    ];
    rmSync(join(abandoned("somebody-s", ""), "a.pid"));
    writeFileSync(join(abandoned("state", said(pid)), "errored.tfstate"), "{}");
    writeFileSync(join(abandoned("state-below", said(pid)), "stack", "errored.tfstate"), "{}");
    writeFileSync(join(abandoned("works-below", said(pid)), "stack", "b.pid"), said(process.pid));
    await node("").ended;
    expect(workFolders().sort()).toEqual(
      [
        ...["begins", "elsewhere", "somebody-s", "state", "state-below", "works", "works-below"].map(
          (name) => `skyline-terraform-${name}`,
        ),
      ].sort(),
    );
    expect(readFileSync(join(kept[0] ?? "", "a.pid"), "utf8")).toBe(said(process.pid));
  });
});
