import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OperationFailure } from "../failure";
import { withLocks, type LockOptions } from "./lock";

/** As many as Linux follows. */
const MOST_LINKS = 40;
/** A file that somebody without a lock writes to again and again. */
const MOST_ATTEMPTS = 20;
/** Longer than anybody waits for a lock. */
const WAITED_MS = 3_600_000;

export interface Updated {
  /** The file itself, behind all links. */
  readonly target: string;
  readonly changed: boolean;
}

/**
 * Changes a kubeconfig: under the locks that kubectl knows, and by another file that takes its place, so that whoever
 * reads it, or is killed, has the old one or the new one.
 *
 * @param path may be a symbolic link, which stays, and may not be there yet
 * @param change gets the text, empty when there is no file, and may be called again when somebody else was faster
 * @throws OperationFailure refused, invalid or conflict; the file is as it was then
 */
export async function updateFile(
  path: string,
  change: (text: string) => string,
  options: LockOptions = {},
): Promise<Updated> {
  const target = await targetOf(path);
  await prepare(target);
  const locks = [`${resolve(path)}.lock`, `${target}.lock`];
  return explained(target, () =>
    withLocks(locks, options, async () => {
      await removeLeftovers(target);
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        const before = await read(target);
        const after = change(textOf(before, target));
        if (after === (before?.toString("utf8") ?? "")) {
          await tighten(target, options);
          return { target, changed: false };
        }
        if (await replace(target, before, after)) {
          return { target, changed: true };
        }
      }
      throw new OperationFailure("conflict", `${target} is written to all the time`, "run it again later");
    }),
  );
}

/** The text of a kubeconfig, empty when there is none, and whether others than its owner may read it. */
export async function readFileAt(
  path: string,
): Promise<{ readonly target: string; readonly text: string; readonly open: boolean }> {
  const target = await targetOf(path);
  const found = await explained(target, () => checkFile(target));
  const text = textOf(await explained(target, () => read(target)), target);
  return { target, text, open: found !== undefined && isOpen(found) };
}

/** Follows links by hand: what they lead to need not be there. */
async function targetOf(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const to = await readlink(target).catch(() => undefined);
    if (to === undefined) {
      return target;
    }
    target = resolve(dirname(target), to);
  }
  throw new OperationFailure("invalid", `${path} is a link that leads round in a circle`);
}

async function prepare(target: string): Promise<void> {
  const folder = dirname(target);
  await explained(target, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { mode } = await stat(folder);
    // With the sticky bit nobody replaces a file of ours.
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
      throw new OperationFailure(
        "refused",
        `everybody may write to the folder ${folder}, and put another file in the place of yours`,
        `chmod o-w ${folder}`,
      );
    }
    await checkFile(target);
  });
}

/** @throws OperationFailure when it is no file, or not ours */
async function checkFile(target: string): Promise<Stats | undefined> {
  const found = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found !== undefined && !found.isFile()) {
    throw new OperationFailure("invalid", `${target} is no regular file`, "name another with --kubeconfig");
  }
  if (found !== undefined && process.getuid !== undefined && found.uid !== process.getuid()) {
    throw new OperationFailure(
      "refused",
      `${target} belongs to user ${found.uid}, and you are ${process.getuid()}`,
      "name a file of your own with --kubeconfig",
    );
  }
  return found;
}

const isOpen = ({ mode }: Stats) => (mode & 0o077) !== 0;

async function read(target: string): Promise<Buffer | undefined> {
  try {
    return await readFile(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Byte order mark and all, so that it can be written as it was. */
function textOf(bytes: Buffer | undefined, target: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new OperationFailure("invalid", `${target}:1:1  is not UTF-8 text`, "the file is as it was");
  }
}

/** Owner alone may read it, whatever it was. */
async function tighten(target: string, { report }: LockOptions): Promise<void> {
  const found = await checkFile(target);
  if (found !== undefined && isOpen(found)) {
    report?.(`others than you could read ${target}: it has mode 0600 now`);
    await chmod(target, 0o600);
  }
}

/** @returns false when the file is not any more as it was read: some programs write without a lock */
async function replace(target: string, before: Buffer | undefined, after: string): Promise<boolean> {
  const draft = join(
    dirname(target),
    `${draftPrefix(target)}${process.pid}-${randomBytes(6).toString("hex")}`,
  );
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(after);
      await file.sync();
    } finally {
      await file.close();
    }
    const now = await read(target);
    if (now === undefined ? before !== undefined : before === undefined || !now.equals(before)) {
      return false;
    }
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(target));
  return true;
}

/** The new name is on the disk, too. Not every file system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const draftPrefix = (target: string) => `.${basename(target)}.skyline-`;

/** What processes have left behind that were killed: under the lock no draft is another's, and nobody waits for so long. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const ofLock = name.startsWith(`${basename(target)}.lock.`) && /\.\d+-[0-9a-f]{12}$/.test(name);
    const old = async () =>
      Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? 0) > WAITED_MS;
    if (name.startsWith(draftPrefix(target)) || (ofLock && (await old()))) {
      await rm(file, { force: true });
    }
  }
}

/** What the file system says, as the end of a command. */
async function explained<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof OperationFailure || code === undefined) {
      throw error;
    }
    throw new OperationFailure(
      code === "ENOTDIR" || code === "EISDIR" ? "invalid" : "refused",
      `${target} cannot be written: ${message}`,
      "name another file with --kubeconfig",
    );
  }
}
