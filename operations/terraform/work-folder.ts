import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { isRunning, runningFile, sayRunning } from "./running-file";

const PREFIX = "skyline-terraform-";

/** What Terraform leaves in its folder when it cannot write a state: the only copy that there is. */
export const ERRORED_STATE = "errored.tfstate";

/**
 * Runs work in a new folder that no other user can look into, and removes it however the work ends. Plans and states hold
 * secrets in the clear; and nothing that anybody has put beside the code is there for Terraform to find. A folder with a
 * state that was written nowhere else stays.
 *
 * @param work gets the folder's path
 */
export async function withWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  await removeAbandoned(tmpdir());
  // Mode 0700, by mkdtemp itself.
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  try {
    sayRunning(runningFile(folder), process.pid);
    return await work(folder);
  } finally {
    // What cannot be looked into stays, too.
    if (!(await holdsState(folder).catch(() => true))) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Removes the folders of runs that were killed, once nothing of them is running any more. */
async function removeAbandoned(parent: string): Promise<void> {
  const entries = await readdir(parent, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith(PREFIX));
  for (const { name } of folders) {
    const folder = join(parent, name);
    // Another run may remove the same one at the same time, which is no error of this run.
    if (await isAbandoned(folder).catch(() => false)) {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  if ((await stat(folder)).uid !== userInfo().uid) {
    return false;
  }
  const files = await filesOf(folder);
  const running = files.filter((file) => file.endsWith(".pid"));
  // One that says nothing of itself is being made, or is somebody else's.
  return running.length > 0 && !running.some(isRunning) && !(await holdsState(folder));
}

const holdsState = async (folder: string) =>
  (await filesOf(folder)).some((file) => basename(file) === ERRORED_STATE);

/** Files of a work folder and of the folders in it: in both Terraform is run. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  const all = [
    entries.map(({ name }) => join(folder, name)),
    ...(await Promise.all(
      below.map(async (inner) => (await readdir(inner)).map((name) => join(inner, name))),
    )),
  ];
  return all.flat();
}
