import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../cache";
import { OperationFailure } from "../failure";
import { pause } from "../processes";

const run = promisify(execFile);

export interface PythonEnvironment {
  /** Folder of its programs. */
  readonly bin: string;
  /** Whether it was made just now. */
  readonly made: boolean;
}

/**
 * A virtual environment with pinned packages, made once for each state of the pins.
 *
 * @param pins folder with requirements.txt and constraints.txt
 * @throws OperationFailure when there is no usable Python, or the packages cannot be installed
 */
export async function pythonEnvironment(pins: string, python = "python3"): Promise<PythonEnvironment> {
  const requirements = join(pins, "requirements.txt");
  const constraints = join(pins, "constraints.txt");
  const version = await pythonVersion(python, pins);
  const hash = createHash("sha256");
  hash.update(version).update(readFileSync(requirements)).update(readFileSync(constraints));
  const folder = join(cacheFolder(), "python", hash.digest("hex").slice(0, 16));
  const complete = join(folder, ".complete");
  const bin = join(folder, "bin");
  if (existsSync(complete)) {
    return { bin, made: false };
  }
  await mkdir(join(cacheFolder(), "python"), { recursive: true });
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) {
      return { bin, made: false };
    }
    // An environment cannot be moved, so it is made in place and counts only with the mark at its end.
    await rm(folder, { recursive: true, force: true });
    await step(python, ["-m", "venv", folder], "make a virtual environment", "install python3-venv");
    const pip = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "-r",
      requirements,
      "-c",
      constraints,
    ];
    await step(
      join(bin, "python"),
      pip,
      `install the Python packages of ${requirements}`,
      "check the connection to the package index",
    );
    await writeFile(complete, `${version}\n`);
    return { bin, made: true };
  });
}

async function pythonVersion(python: string, pins: string): Promise<string> {
  const probe = "import sys, platform; print('%d.%d %s' % (*sys.version_info[:2], platform.machine()))";
  const output = await run(python, ["-c", probe]).catch(() => {
    throw new OperationFailure(
      "missing",
      `there is no ${python} on PATH; the packages of ${pins} run on it`,
      "install Python 3.10 or newer with venv (Debian: apt-get install python3 python3-venv), then try again",
    );
  });
  const version = output.stdout.trim();
  const [major = 0, minor = 0] = version.split(/[. ]/).map(Number);
  if (major !== 3 || minor < 10) {
    throw new OperationFailure(
      "missing",
      `${python} is version ${version}; the packages of ${pins} want 3.10 or newer`,
    );
  }
  return version;
}

async function step(command: string, args: readonly string[], what: string, hint: string): Promise<void> {
  await run(command, [...args], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { stderr?: string; message: string }) => {
      const end = (error.stderr || error.message).trimEnd().split("\n").slice(-8).join("\n");
      throw new OperationFailure("missing", `could not ${what}:\n${end}`, hint);
    },
  );
}

/** One maker at a time; a lock left by a maker that died is taken over after ten minutes. */
async function withLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10 * 60_000;
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
      if (Date.now() > deadline) {
        await rm(lock, { recursive: true, force: true });
      }
      await pause(200);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
