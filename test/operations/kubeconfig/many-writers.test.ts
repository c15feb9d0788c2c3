import { type ChildProcess, execFile, fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseKubeconfig, sectionNames } from "../../../operations/kubeconfig/document";
import { pause } from "../../../operations/processes";
import { builtCli } from "../../support/built";
import { startCli } from "../../support/cli";
import { HeldRegistries } from "../../support/held-registries";
import { MINE } from "../../support/kubeconfig-text";

// Fifty processes that parse and write in turn, forty times: three minutes where nothing else runs.
jest.setTimeout(1_800_000);

const RUNS = 20;
/** Of kubectl, for each change. */
const MOST_TRIES = 5;
const writer = join(__dirname, "..", "..", "support", "kubeconfig-writer.mjs");

const environments = Array.from({ length: 50 }, (_, index) => `e${index}`);
const ofClusters = environments.map((name) => `${name}-alpha`).sort();
/** Names of ours that the file is to have in the end. */
const all = { clusters: ofClusters, contexts: [...environments, ...ofClusters].sort(), users: ofClusters };

let folder: string;
let home: string;
let path: string;
let registries: HeldRegistries;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skyline-kubeconfig-"));
  registries = await HeldRegistries.start();
  // The AWS CLI is asked its version once, and not fifty times at once.
  expect(await command(join(folder, "first"), "e0")).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await registries?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => newFile());

function newFile() {
  home = mkdtempSync(join(folder, "home-"));
  path = join(home, "config");
  writeFileSync(path, MINE, { mode: 0o600 });
}

/** The command, as a process of its own. */
function command(file: string, ...names: readonly string[]) {
  const env = {
    ...{ HOME: folder, AWS_ENDPOINT_URL: registries.url, AWS_CONFIG_FILE: "/dev/null" },
    ...{ AWS_ACCESS_KEY_ID: "emulated", AWS_SECRET_ACCESS_KEY: "emulated" },
  };
  const wanted = names.flatMap((name) => ["--env", name]);
  const where = ["--region", "us-east-1", "--directory", folder, "--kubeconfig", file];
  return startCli(["kubeconfig", "--refresh", ...wanted, ...where, "--timeout", "600"], env, folder).ended;
}

function kubectl(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH, HOME: folder };
  return promisify(execFile)("kubectl", ["--kubeconfig", path, "config", ...args], { env });
}

function ours() {
  const { items } = parseKubeconfig(readFileSync(path, "utf8"), path);
  const named = (section: (typeof sectionNames)[number]) =>
    items[section].flatMap(({ name, marker }) => (marker === undefined ? [] : name)).sort();
  return Object.fromEntries(sectionNames.map((section) => [section, named(section)]));
}

function expectNothingLost() {
  expect(ours()).toEqual(all);
  // Of what is not ours, no byte; and nobody has left anything behind.
  expect(readFileSync(path, "utf8")).toContain(MINE.slice(0, MINE.indexOf("contexts:")));
  expect(readdirSync(home)).toEqual(["config"]);
}

test("50 processes of the command at the same time lose nothing", async () => {
  // All of them run, and know what to write, before the first one may.
  void registries.holdUntil(environments.length);
  const ended = await Promise.all(environments.map((name) => command(path, name)));
  expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
  expectNothingLost();
});

describe("50 processes that refresh a file at the same time, in 20 of 20 runs", () => {
  let workers: readonly ChildProcess[] = [];

  beforeAll(async () => {
    const compiled = dirname(dirname(builtCli()));
    const env = { PATH: process.env.PATH, HOME: folder };
    workers = environments.map(() =>
      fork(writer, [compiled, "refresh"], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] }),
    );
    await Promise.all(workers.map(message));
  });
  afterAll(() => workers.forEach((worker) => worker.kill("SIGKILL")));

  function message(worker: ChildProcess): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the writer ended with ${code}`));
      worker.once("exit", ended);
      worker.once("message", (said) => {
        worker.off("exit", ended);
        resolve(said);
      });
    });
  }

  /** Each process refreshes an environment; answers once all of them know what to write. */
  function refreshAll() {
    const everyone = registries.holdUntil(environments.length);
    const answers = workers.map((worker, index) => {
      const answer = message(worker);
      worker.send({ path, environment: environments[index], endpoint: registries.url });
      return answer;
    });
    return { everyone, answers: Promise.all(answers) };
  }

  const done = environments.map(() => ({ done: true }));

  test("lose nothing", async () => {
    for (let run = 0; run < RUNS; run++) {
      newFile();
      expect(await refreshAll().answers).toEqual(done);
      expectNothingLost();
    }
  });

  test("with 20 of kubectl's changes among them leave a valid file, and one more refresh heals all", async () => {
    let among = 0;
    for (let run = 0; run < RUNS; run++) {
      newFile();
      const { everyone, answers } = refreshAll();
      await everyone;
      let refreshing = true;
      const change = async (index: number, tries = MOST_TRIES): Promise<void> => {
        try {
          await kubectl("set-context", `kubectl-${index}`, "--namespace=team");
          among += refreshing ? 1 : 0;
        } catch {
          // It fails where there is a lock, which is its way; who ran it runs it again, a moment later.
          await pause(1000 + 2000 * Math.random());
          await (refreshing && tries > 1 ? change(index, tries - 1) : undefined);
        }
      };
      const changes = Array.from({ length: 20 }, (_, index) => change(index));
      expect(await answers).toEqual(done);
      refreshing = false;
      await Promise.all(changes);
      expect((await kubectl("view", "-o", "json")).stdout).toContain('"kind": "Config"');
      expect(await command(path, ...environments)).toMatchObject({ code: 0 });
      expect(ours()).toEqual(all);
      const listed = (await kubectl("get-contexts", "-o", "name")).stdout.split("\n");
      expect(listed).toEqual(expect.arrayContaining([...all.contexts]));
    }
    expect(among).toBeGreaterThan(0);
  });
});
