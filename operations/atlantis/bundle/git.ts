import { execFile } from "node:child_process";
import { promisify } from "node:util";

const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Asks git about a clone. It starts no program that the clone's settings name, and has none of this process' variables but
 * those that find it and its owner's settings.
 *
 * @returns what it prints
 */
export async function git(clone: string, args: readonly string[]): Promise<string> {
  const { PATH, HOME } = process.env;
  const harmless = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const { stdout } = await promisify(execFile)("git", [...harmless, "-C", clone, ...args], {
    env: { PATH, HOME, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" },
    maxBuffer: MOST_OUTPUT,
  });
  return stdout;
}
