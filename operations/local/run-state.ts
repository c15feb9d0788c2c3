import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What is known of a local environment that was started, kept in a file so that a later run can end it. */
export interface RunState {
  readonly environment: string;
  /** Ids of the process groups of the emulators. */
  readonly pids: readonly number[];
  readonly aws: string;
  readonly eks: string;
  readonly startedAt: string;
}

/** Folder of the local environment below the project. */
export const localFolder = (root: string) => join(root, ".skyline", "local");

const stateFile = (folder: string) => join(folder, "run.json");

/** The state of a local environment that is there, or undefined. */
export function readRunState(folder: string): RunState | undefined {
  const file = stateFile(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as RunState) : undefined;
}

export async function writeRunState(folder: string, state: RunState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = `${stateFile(folder)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`);
  await rename(draft, stateFile(folder));
}

export const forgetRun = (folder: string) => rm(stateFile(folder), { force: true });

/** Whether any of its processes lives. */
export function isAlive(state: RunState): boolean {
  return state.pids.some((pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  });
}
