import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { constants, copyFile, link, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { OperationFailure } from "../failure";
import { pause } from "../processes";

/** kubectl gives up at once where there is a lock; a refresh has the time to wait for one. */
const WAIT_MS = 10_000;
/** kubectl holds its lock for milliseconds and does not say who it is: an old one is left behind. */
const ABANDONED_MS = 60_000;
const LONGEST_PAUSE_MS = 120;
/** Who waits looks so often whether the holder still lives. */
const LOOK_MS = 500;

export interface LockOptions {
  /** For one who holds it; many who take turns are waited for as long as they do. @default 10000 */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** Told when a lock is taken over. */
  readonly report?: (warning: string) => void;
}

/** Who holds a lock, as our locks have it in them; kubectl's are empty. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Process ids mean something in the same namespace alone: two containers may share a host's name. */
  readonly namespace: string;
  /** When the process started: ids come again. */
  readonly started: string;
}

/**
 * Runs work while holding files that kubectl takes for its own lock, `<file>.lock`. They are taken in one order, so that
 * two processes never wait for each other.
 *
 * @throws OperationFailure conflict, when somebody holds one for too long
 */
export async function withLocks<T>(
  locks: readonly string[],
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const [first, ...rest] = [...new Set(locks)].sort();
  if (first === undefined) {
    return work();
  }
  await acquire(first, options);
  try {
    return await withLocks(rest, options, work);
  } finally {
    await rm(first, { force: true });
  }
}

async function acquire(lock: string, options: LockOptions): Promise<void> {
  const { waitMs = WAIT_MS, signal } = options;
  // Written before it has its name: nobody ever sees one of ours without its holder.
  const draft = `${lock}.${process.pid}-${randomBytes(6).toString("hex")}`;
  await writeFile(draft, `${JSON.stringify(self())}\n`, { flag: "wx", mode: 0o600 });
  try {
    let held: { readonly lock: string | undefined; readonly since: number } | undefined;
    for (let turn = 0, looked = -Infinity; ; turn++) {
      if (await linked(draft, lock)) {
        return;
      }
      if (signal?.aborted === true) {
        throw new OperationFailure("interrupted", "stopped; the file is as it was");
      }
      const now = performance.now();
      const found = await identity(lock);
      if (held === undefined || held.lock !== found) {
        held = { lock: found, since: now };
      }
      if (now - looked > LOOK_MS) {
        looked = now;
        const left = await abandoned(lock);
        if (left !== undefined) {
          await takeOver(lock, draft, left, options);
          looked = -Infinity;
          continue;
        }
      }
      if (now - held.since > waitMs) {
        throw new OperationFailure(
          "conflict",
          `${lock} has been held for ${waitMs / 1000} s by ${await heldBy(lock)}`,
          `run it again; when nobody edits the file, rm ${lock}`,
        );
      }
      // Longer each time, so that many who wait do not take from who works; not all of them at once.
      await pause(Math.min(5 * 2 ** turn, LONGEST_PAUSE_MS) * (0.5 + Math.random()));
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Tells a lock from the next one; undefined when it has just been freed. */
async function identity(lock: string): Promise<string | undefined> {
  const found = await stat(lock).catch(() => undefined);
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs}`;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      return false;
    }
    if (!NO_LINKS.includes(code)) {
      throw error;
    }
  }
  return copied(from, to);
}

/** What file systems say that have no hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** The same in two steps: for a moment the lock is empty, as kubectl's are. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  }
}

/** A lock whose holder is gone; undefined when it is held, or has just been freed. */
interface Abandoned {
  readonly inode: number;
  readonly changed: number;
  readonly who: string;
}

async function abandoned(lock: string): Promise<Abandoned | undefined> {
  try {
    const { ino, mtimeMs } = await stat(lock);
    const holder = parseHolder(await readFile(lock, "utf8").catch(() => ""));
    // Of a process elsewhere nothing can be known: such a lock is for a person to remove.
    const gone =
      holder === undefined ? Date.now() - mtimeMs > ABANDONED_MS : isHere(holder) && isDead(holder);
    return gone ? { inode: ino, changed: mtimeMs, who: show(holder) } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Removes an abandoned lock, one process at a time: the next in line must not remove the lock of who was first. */
async function takeOver(
  lock: string,
  draft: string,
  seen: Abandoned,
  { report }: LockOptions,
): Promise<void> {
  const guard = `${lock}.takeover`;
  if (!(await linked(draft, guard))) {
    if ((await abandoned(guard)) !== undefined) {
      await rm(guard, { force: true });
    }
    await pause(5);
    return;
  }
  try {
    const now = await stat(lock).catch(() => undefined);
    if (now?.ino === seen.inode && now.mtimeMs === seen.changed) {
      await unlink(lock);
      report?.(`${lock} was left behind by ${seen.who}, and is taken over`);
    }
  } finally {
    await rm(guard, { force: true });
  }
}

const heldBy = async (lock: string) => show(parseHolder(await readFile(lock, "utf8").catch(() => "")));

const show = (holder: Holder | undefined) =>
  holder === undefined ? "kubectl, or another program" : `process ${holder.pid} on ${holder.host}`;

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, namespace, started } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    return typeof pid === "number" && typeof host === "string"
      ? { pid, host, namespace: String(namespace), started: String(started) }
      : undefined;
  } catch {
    return undefined;
  }
}

const self = (): Holder => ({
  pid: process.pid,
  host: hostname(),
  namespace: namespaceOf(),
  started: startOf(process.pid),
});

const isHere = ({ host, namespace }: Holder) => host === hostname() && namespace === namespaceOf();

function isDead({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return startOf(pid) !== started;
}

/** Empty where the system does not tell, as everywhere but on Linux. */
function namespaceOf(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** In the system's ticks; empty where it does not tell. */
function startOf(pid: number): string {
  try {
    // Behind the program's name, which may hold anything, are the fields from the third on.
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
