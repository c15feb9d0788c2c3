import { type ChildProcess, execFile, fork } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { updateFile } from "../../../operations/kubeconfig/file";
import { pause } from "../../../operations/processes";
import { builtCli } from "../../support/built";
import { MINE } from "../../support/kubeconfig-text";
import { randomNumbers, seed } from "../../support/property";

// Two hundred processes: half a minute where nothing else runs.
jest.setTimeout(900_000);

const writer = join(__dirname, "..", "..", "support", "kubeconfig-writer.mjs");
const compiled = dirname(dirname(builtCli()));
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-kubeconfig-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]): ChildProcess {
  return fork(writer, [compiled, ...args], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

interface Said {
  /** The two texts that a writer alternates between. */
  readonly versions?: readonly string[];
  /** How long it took to write one of them. */
  readonly turnMs?: number;
}

function message(child: ChildProcess): Promise<Said> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the writer ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (said) => {
      child.off("exit", ended);
      resolve(said as Said);
    });
  });
}

test("killed at 200 random moments, it leaves the old file or the new one", async () => {
  const moments = randomNumbers(seed);
  const halves = ["one", "two"].map(async (name) => {
    const path = join(folder, name, "config");
    mkdirSync(dirname(path));
    writeFileSync(path, MINE, { mode: 0o600 });
    const found = new Set<string>();
    for (let killed = 0; killed < 100; killed++) {
      const child = start("alternate", path);
      const { versions = [], turnMs = 0 } = await message(child);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, moments() * 3 * turnMs));
      child.kill("SIGKILL");
      await ended;
      const text = readFileSync(path, "utf8");
      expect(versions.includes(text)).toBe(true);
      found.add(text);
    }
    return found.size;
  });
  expect(await Promise.all(halves)).toEqual([2, 2]);
});

const write = (path: string, more = {}) => updateFile(path, (text) => `${text}# more\n`, more);
const mode = (path: string) => statSync(path).mode & 0o777;

describe("a file", () => {
  test("that is not there is made for its owner alone, with its folder", async () => {
    const path = join(folder, "kube", "config");
    expect(await write(path)).toEqual({ target: path, changed: true });
    expect([mode(path), mode(dirname(path))]).toEqual([0o600, 0o700]);
  });

  test("that others may read is closed to them, and said so, also when nothing else changes", async () => {
    const path = join(folder, "config");
    writeFileSync(path, "# as it was\n");
    chmodSync(path, 0o644);
    const warnings: string[] = [];
    expect((await updateFile(path, (text) => text, { report: (line) => warnings.push(line) })).changed).toBe(
      false,
    );
    expect(mode(path)).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining("0600")]);
    chmodSync(path, 0o644);
    await write(path);
    expect(mode(path)).toBe(0o600);
  });

  test("behind links is changed, and the links stay; also one whose file is not there yet", async () => {
    const [real, middle, path] = [join(folder, "real"), join(folder, "middle"), join(folder, "config")];
    symlinkSync("real", middle);
    symlinkSync(middle, path);
    await write(path);
    await write(path);
    expect(readFileSync(real, "utf8")).toBe("# more\n# more\n");
    expect([lstatSync(path).isSymbolicLink(), readlinkSync(middle)]).toEqual([true, "real"]);
    expect(readdirSync(folder).sort()).toEqual(["config", "middle", "real"]);
  });

  test("that is a folder, a device or a link in a circle is refused", async () => {
    symlinkSync("circle", join(folder, "circle"));
    await expect(write(join(folder, "circle"))).rejects.toMatchObject({ kind: "invalid" });
    await expect(write(folder)).rejects.toMatchObject({ kind: "invalid" });
    await expect(write("/dev/null")).rejects.toMatchObject({ kind: "invalid" });
  });

  test("that is no UTF-8 is refused, and stays", async () => {
    const path = join(folder, "config");
    writeFileSync(path, Buffer.from([0x23, 0xff, 0xfe]));
    await expect(write(path)).rejects.toMatchObject({ kind: "invalid" });
    expect(readFileSync(path)).toEqual(Buffer.from([0x23, 0xff, 0xfe]));
  });

  test("in a folder that everybody may write to is refused; with the sticky bit it is not", async () => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    await expect(write(join(shared, "config"))).rejects.toMatchObject({ kind: "refused" });
    chmodSync(shared, 0o1777);
    await write(join(shared, "config"));
  });

  const root = process.getuid?.() === 0 ? test : test.skip;
  root("of another user is refused", async () => {
    const path = join(folder, "config");
    writeFileSync(path, MINE);
    const { chownSync } = await import("node:fs");
    chownSync(path, 65534, 65534);
    await expect(write(path)).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("belongs to user 65534"),
    });
    expect(readFileSync(path, "utf8")).toBe(MINE);
  });

  test("that somebody without a lock has changed meanwhile is read again", async () => {
    const path = join(folder, "config");
    writeFileSync(path, "# one\n");
    let calls = 0;
    await updateFile(path, (text) => {
      if (calls++ === 0) writeFileSync(path, "# two\n");
      return `${text}# ours\n`;
    });
    expect(readFileSync(path, "utf8")).toBe("# two\n# ours\n");
  });
});

describe("kubectl's lock", () => {
  test("is waited for, and who waits too long is told of it", async () => {
    const path = join(folder, "config");
    writeFileSync(`${path}.lock`, "");
    await expect(write(path, { waitMs: 100 })).rejects.toMatchObject({
      kind: "conflict",
      hint: expect.stringContaining(`rm ${path}.lock`),
    });
    const waiting = write(path);
    rmSync(`${path}.lock`);
    expect((await waiting).changed).toBe(true);
  });

  test("is waited for as long as it changes hands: only one who keeps it is told of", async () => {
    const path = join(folder, "config");
    const another = () => {
      writeFileSync(`${path}.next`, "");
      renameSync(`${path}.next`, `${path}.lock`);
    };
    another();
    const waitMs = 2000;
    const waiting = write(path, { waitMs }).catch((error: unknown) => error);
    for (const start = performance.now(); performance.now() - start < 2 * waitMs;) {
      await pause(50);
      another();
    }
    rmSync(`${path}.lock`);
    expect(await waiting).toMatchObject({ changed: true });
  });

  test("is taken over when it is old and nobody's", async () => {
    const path = join(folder, "config");
    writeFileSync(`${path}.lock`, "");
    const old = new Date(Date.now() - 120_000);
    utimesSync(`${path}.lock`, old, old);
    const warnings: string[] = [];
    await write(path, { report: (line: string) => warnings.push(line) });
    expect(warnings).toEqual([expect.stringContaining("taken over")]);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("of another host is never taken over", async () => {
    const path = join(folder, "config");
    writeFileSync(
      `${path}.lock`,
      JSON.stringify({ pid: 1, host: `not-${hostname()}`, namespace: "", started: "" }),
    );
    const old = new Date(Date.now() - 86_400_000);
    utimesSync(`${path}.lock`, old, old);
    await expect(write(path, { waitMs: 100 })).rejects.toMatchObject({ kind: "conflict" });
  });

  test("is what kubectl sees of ours: it fails, and changes nothing", async () => {
    const path = join(folder, "config");
    writeFileSync(path, MINE);
    writeFileSync(`${path}.lock`, "");
    const args = ["--kubeconfig", path, "config", "set-context", "x", "--namespace=y"];
    await expect(promisify(execFile)("kubectl", args)).rejects.toThrow(/config\.lock: file exists/);
    expect(readFileSync(path, "utf8")).toBe(MINE);
  });
});
