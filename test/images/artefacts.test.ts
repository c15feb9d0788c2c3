import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { goTool } from "../support/go-tool";
import {
  ARCHITECTURE,
  type Artefact,
  REAL_TOOLS,
  readArtefacts,
  serveArtefacts,
} from "../support/image-artefacts";
import { baseRoot } from "../support/image-base";
import { applyRole } from "../support/image-roots";

jest.setTimeout(900_000);

const run = promisify(execFile);
const IMAGES = join(__dirname, "..", "..", "images");
const LOCK = join(IMAGES, "artefacts.lock.yaml");

let artefacts: Record<string, Artefact>;
let folder: string;

beforeAll(async () => {
  artefacts = await readArtefacts(IMAGES);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skyline-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("every program of the contract below /usr/local/bin, /opt and /etc comes from an artefact of that role", () => {
  const { roles } = JSON.parse(readFileSync(join(IMAGES, "contract.json"), "utf8")) as {
    roles: Record<string, { binaries: string[] }>;
  };
  const files = Object.values(artefacts).flatMap((artefact) => artefact.files);
  for (const [role, { binaries }] of Object.entries(roles)) {
    const wanted = binaries.filter((path) => /^\/(usr\/local\/bin|opt|etc)\//.test(path));
    const given = files.filter((file) => file.roles.includes(role)).map(({ to }) => to);
    expect(given).toEqual(expect.arrayContaining(wanted));
  }
});

test("artefacts have the versions that the tests build from source", async () => {
  const built = (await Promise.all(REAL_TOOLS.map(goTool))).flatMap(({ version, binaries }) =>
    Object.keys(binaries).map((name) => [name, version.replace(/^v/, "")] as const),
  );
  const named = built.filter(([name]) => name in artefacts);
  expect(named.map(([name]) => name).sort()).toEqual(
    [
      "aws-iam-authenticator",
      "consul",
      "consul-template",
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
    ].sort(),
  );
  expect(named.map(([name]) => [name, artefacts[name]?.version])).toEqual(named);
});

test("every line of the lock is a SHA-256 of a version that is in use", () => {
  const lock = parse(readFileSync(LOCK, "utf8")) as Record<string, unknown>;
  const used = Object.entries(artefacts).flatMap(([name, { version }]) =>
    ["amd64", "arm64"].map((architecture) => `${name}/${version}/${architecture}`),
  );
  expect(Object.keys(lock).filter((key) => !used.includes(key))).toEqual([]);
  expect(Object.values(lock).filter((sum) => !/^[0-9a-f]{64}$/.test(String(sum)))).toEqual([]);
});

describe("a build", () => {
  const withLock = async (change: (lock: Record<string, string>) => void) => {
    const served = await serveArtefacts(IMAGES, "etcd");
    try {
      const lock = parse(await readFile(served.lockFile, "utf8")) as Record<string, string>;
      change(lock);
      const artefacts_lock = join(folder, "lock.yaml");
      await writeFile(artefacts_lock, JSON.stringify(lock));
      const variables = { artefacts_lock, artefacts_base_url: served.baseUrl };
      const root = join(folder, "root");
      await run("cp", ["-a", "--reflink=auto", await baseRoot(IMAGES), root]);
      const failure: unknown = await applyRole("etcd", root, { variables }).catch((error: unknown) => error);
      return { message: String(failure), installed: existsSync(join(root, "usr", "local", "bin", "etcd")) };
    } finally {
      await served.close();
    }
  };
  const key = async () => `etcd/${(await readArtefacts(IMAGES)).etcd?.version}/${ARCHITECTURE}`;

  test("fails when a download has another checksum, and installs nothing of it", async () => {
    const name = await key();
    const wrong = "0".repeat(64);
    const { message, installed } = await withLock((lock) => (lock[name] = wrong));
    expect(message).toMatch(
      new RegExp(`has the SHA-256 [0-9a-f]{64}, where artefacts.lock.yaml says ${wrong}`),
    );
    expect(installed).toBe(false);
  });

  test("fails when there is no checksum", async () => {
    const name = await key();
    const { message, installed } = await withLock((lock) => delete lock[name]);
    expect(message).toContain(`artefacts.lock.yaml has no SHA-256 of ${name}`);
    expect(installed).toBe(false);
  });
});

describe("lock.mjs", () => {
  const lockFile = () => join(folder, "artefacts.lock.yaml");
  const lockScript = async (...args: string[]) => {
    const all = [join(IMAGES, "lock.mjs"), "--lock", lockFile(), "--architecture", ARCHITECTURE, ...args];
    return run(process.execPath, all).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        stdout,
        stderr,
      }),
    );
  };

  test("records what is missing, keeps what is there, and its check sees what has changed", async () => {
    const served = await serveArtefacts(IMAGES, "gateway");
    try {
      const base = ["--base-url", served.baseUrl];
      const expected = parse(await readFile(served.lockFile, "utf8")) as Record<string, string>;
      const names = Object.keys(expected).map((key) => key.split("/")[0]!);
      await writeFile(lockFile(), "# Why.\nother/1/amd64: untouched\n");
      expect(await lockScript("--check", ...base, ...names)).toMatchObject({ code: 3 });
      expect(await lockScript(...base, ...names)).toMatchObject({ code: 0, stderr: "" });
      const text = await readFile(lockFile(), "utf8");
      expect(parse(text)).toEqual({ ...expected, "other/1/amd64": "untouched" });
      expect(text).toContain("# Why.");
      expect(await lockScript("--check", ...base, ...names)).toMatchObject({ code: 0 });

      const [key = "", sum = ""] = Object.entries(expected)[0]!;
      await writeFile(lockFile(), text.replace(sum, "0".repeat(64)));
      expect(await lockScript(...base, ...names)).toMatchObject({ code: 0 });
      expect(await readFile(lockFile(), "utf8")).toContain("0".repeat(64));
      const check = await lockScript("--check", ...base, ...names);
      expect(check).toMatchObject({ code: 3, stderr: expect.stringContaining(key) as string });
    } finally {
      await served.close();
    }
  });

  test("says what is not there, and records nothing of it", async () => {
    const served = await serveArtefacts(IMAGES, "gateway");
    try {
      const unknown = (await readFile(LOCK, "utf8")).replace(/^kube-apiserver\/.*\n/gm, "");
      await writeFile(lockFile(), unknown);
      const { code, stderr } = await lockScript("--base-url", served.baseUrl, "kube-apiserver");
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/kube-apiserver: 404/) as string,
      });
      expect(await readFile(lockFile(), "utf8")).toBe(unknown);
      expect(await lockScript("no-such-thing")).toMatchObject({ code: 2 });
    } finally {
      await served.close();
    }
  });
});
