import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { OperationFailure } from "./failure";

/** A process of ours in a process group of its own, so that stopping it stops what it started. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Exit code, or undefined while it runs. */
  readonly exitCode: () => number | undefined;
  readonly exited: Promise<number>;
  /** Ends the process and its children: SIGTERM, and SIGKILL after the grace period. */
  stop(graceMs?: number): Promise<void>;
  /** Lets this program end while the process goes on. */
  release(): void;
}

export interface StartOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** File that gets stdout and stderr. */
  readonly logFile: string;
}

export function startProcess(options: StartOptions): RunningProcess {
  const log = openSync(options.logFile, "a");
  const child: ChildProcess = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  let code: number | undefined;
  const exited = new Promise<number>((resolve) => {
    child.once("error", () => resolve((code = 127)));
    child.once("exit", (status, signal) => resolve((code = status ?? (signal === null ? 1 : 128))));
  });
  const pid = child.pid ?? 0;
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    exitCode: () => code,
    exited,
    stop: (graceMs = 5000) => (code === undefined && pid > 0 ? stopGroup(pid, graceMs) : Promise.resolve()),
    release: () => child.unref(),
  };
}

/** Ends a process group by its leader's id. Nothing happens when it has ended. */
export async function stopGroup(pid: number, graceMs = 5000): Promise<void> {
  if (!signalGroup(pid, "SIGTERM")) {
    return;
  }
  if (!(await isGone(pid, graceMs))) {
    signalGroup(pid, "SIGKILL");
    // It ends when the kernel comes to it, and its files and ports are free no sooner.
    await isGone(pid, graceMs);
  }
}

/** Whether the group has ended by then. */
async function isGone(pid: number, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await pause(50)) {
    if (!signalGroup(pid, 0)) {
      return true;
    }
  }
  return false;
}

/** False when there is no such group. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Waits until `condition` holds.
 * @throws OperationFailure when the process ends first, or the deadline passes
 */
export async function waitUntilReady(
  running: RunningProcess,
  condition: () => Promise<boolean>,
  deadlineMs: number,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    const code = running.exitCode();
    if (code !== undefined) {
      throw new OperationFailure("refused", `${running.name} ended with ${code}:\n${tail(running.logFile)}`);
    }
    if (Date.now() > deadline) {
      throw new OperationFailure(
        "timeout",
        `${running.name} was not ready in ${deadlineMs} ms:\n${tail(running.logFile)}`,
      );
    }
    await pause(100);
  }
}

/** The last lines of a log, for an error. */
export const tail = (file: string, lines = 15): string =>
  readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
