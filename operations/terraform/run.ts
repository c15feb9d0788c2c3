import { spawn, type ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { OperationFailure } from "../failure";
import { stopGroup } from "../processes";
import { OutputFile } from "./output-file";
import { runningFile, sayRunning } from "./running-file";

/** Where Terraform runs, and with what. */
export interface TerraformPlace {
  readonly binary: string;
  readonly folder: string;
  /** All that it gets: see `cleanEnvironment`. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface TerraformEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Gets each line of stdout as it comes. */
  readonly onLine?: (line: string) => void;
  /**
   * Milliseconds that Terraform has to end by itself once it is interrupted; then it is killed, and its lock stays.
   * `Infinity` waits for the calls that are under way: killed then, it would lose what they have made.
   * @default one minute
   */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;

/** Bytes of output; the plan of 2,000 changes has about 20 MB. */
const MOST_OUTPUT = 256 * 1024 * 1024;

/**
 * Runs Terraform to its end, whatever its exit code is.
 *
 * It has a session of its own: Ctrl-C in a terminal reaches it once, by this function, and its providers, which would end
 * in the middle of a call, not at all. An interrupted Terraform ends by itself and takes its lock back. So does one whose
 * parent was killed: it writes into files, since a pipe that nobody reads would kill it before it has written its state.
 *
 * @throws OperationFailure interrupted, when the signal has ended it; missing, when it does not start
 */
export async function runTerraform(
  { binary, folder, env, signal }: TerraformPlace,
  args: readonly string[],
  { onLine = () => undefined, patienceMs = PATIENCE_MS }: RunOptions = {},
): Promise<TerraformEnd> {
  const what = `${binary} ${args[0]}`;
  const interrupted = () => new OperationFailure("interrupted", `${what} was interrupted`);
  if (signal.aborted) {
    throw interrupted();
  }
  const [stdout, stderr] = [new OutputFile(folder, lines(onLine)), new OutputFile(folder)];
  const running = runningFile(folder);
  sayRunning(running, undefined);
  const child = spawn(binary, args, {
    cwd: folder,
    env,
    stdio: ["ignore", stdout.descriptor, stderr.descriptor],
    detached: true,
  });
  if (child.pid !== undefined) sayRunning(running, child.pid);
  const isTooLong = () => stdout.bytes + stderr.bytes > MOST_OUTPUT;
  const following = setInterval(() => {
    [stdout, stderr].forEach((output) => output.readOn(MOST_OUTPUT));
    if (isTooLong()) {
      // Told a second time, it would end without writing its state.
      clearInterval(following);
      child.kill("SIGINT");
    }
  }, FOLLOW_MS);
  const interruption = interruptOn(signal, child, patienceMs);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) =>
        reject(new OperationFailure("missing", `${what} does not start: ${error.message}`)),
      );
      child.once("close", (status) => resolve(status ?? 1));
    });
    [stdout, stderr].forEach((output) => output.readOn(MOST_OUTPUT));
    if (isTooLong()) {
      throw new OperationFailure("refused", `${what} printed more than ${MOST_OUTPUT / 1024 / 1024} MB`);
    }
    // What was done in spite of the interruption is done.
    if (signal.aborted && code !== 0) {
      throw interrupted();
    }
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    clearInterval(following);
    interruption.over();
    [stdout, stderr].forEach((output) => output.remove());
    rmSync(running, { force: true });
  }
}

/** Milliseconds between two looks at what it has printed. */
const FOLLOW_MS = 100;

/** Takes chunks, and gives whole lines of whole characters. */
function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder();
  let rest = "";
  return (chunk) => {
    const ended = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = ended.pop() ?? "";
    ended.forEach(onLine);
  };
}

function interruptOn(signal: AbortSignal, child: ChildProcess, patienceMs: number) {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    child.kill("SIGINT");
    if (patienceMs !== Infinity && child.pid !== undefined) {
      const { pid } = child;
      timer = setTimeout(() => void stopGroup(pid), patienceMs);
    }
  };
  signal.addEventListener("abort", interrupt, { once: true });
  return {
    over: () => {
      signal.removeEventListener("abort", interrupt);
      clearTimeout(timer);
    },
  };
}
