import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** A new file that says which process works in a folder. */
export const runningFile = (folder: string): string => join(folder, `${randomUUID()}.pid`);

/** Writes it. Before a process has an id, it is empty: what ends in between leaves a folder that nobody removes. */
export function sayRunning(file: string, pid: number | undefined): void {
  writeFileSync(file, pid === undefined ? "" : `${JSON.stringify({ host: hostname(), pid })}\n`, {
    mode: 0o600,
  });
}

/** Whether the process may still run: of another machine or container, or of a file that is not whole, nobody knows. */
export function isRunning(file: string): boolean {
  const [, host, pid] = /^\{"host":"([^"]*)","pid":(\d+)\}\n$/.exec(readFileSync(file, "utf8")) ?? [];
  if (host !== hostname()) {
    return true;
  }
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    // There is one of another user's: the id was given anew, or not.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
