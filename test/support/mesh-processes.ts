import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What the kernel says of NGINX' processes, read from /proc. */
export interface NginxProcesses {
  /** Workers, those that are shutting down among them. */
  readonly workers: readonly number[];
  /** Bytes in memory of all of them and of their master, but for files: each its own and a share of what they share. */
  readonly memory: number;
  /** Bytes that they have written to files. */
  readonly written: number;
}

export function nginxProcesses(master: number): NginxProcesses {
  const workers = childrenOf(master);
  const all = [master, ...workers];
  const sum = (of: (pid: number) => number) => all.reduce((total, pid) => total + (orGone(of, pid) ?? 0), 0);
  return { workers, memory: sum(proportionalMemory), written: sum(writtenBytes) };
}

/** Children of a process; none when it is gone. */
export function childrenOf(pid: number): number[] {
  const list = orGone((parent) => readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8"), pid) ?? "";
  return list.split(" ").filter(Boolean).map(Number);
}

/** The peak of what {@link nginxProcesses} says of these masters, until the promise is done. */
export async function peakWhile<T>(
  masters: readonly number[],
  work: Promise<T>,
): Promise<{ readonly result: T; readonly workers: number; readonly memory: number }> {
  let going = true;
  const done = work.finally(() => (going = false));
  let workers = 0;
  let memory = 0;
  while (going) {
    for (const master of masters) {
      const now = nginxProcesses(master);
      workers = Math.max(workers, now.workers.length);
      memory = Math.max(memory, now.memory);
    }
    await Promise.race([sleep(100), done.catch(() => undefined)]);
  }
  return { result: await done, workers, memory };
}

const kilobytes = (text: string, field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;

// Not RSS: it counts what a worker shares with its master, which is the most of a small one, once for each. Without
// files, as a share of the program's own text is the smaller the more run on the machine.
function proportionalMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return kilobytes(text, "Pss_Anon") + kilobytes(text, "Pss_Shmem");
}

const writtenBytes = (pid: number) =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);

function orGone<T>(of: (pid: number) => T, pid: number): T | undefined {
  try {
    return of(pid);
  } catch (error) {
    if (/ENOENT|ESRCH/.test((error as Error).message)) return undefined;
    throw error;
  }
}
