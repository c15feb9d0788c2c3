import { spawn, type ChildProcess } from "node:child_process";
import { OperationFailure } from "../failure";
import { stopGroup } from "../processes";

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
 * in the middle of a call, not at all. An interrupted Terraform ends by itself and takes its lock back.
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
  const child = spawn(binary, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const output = collect(child, onLine);
  const interruption = interruptOn(signal, child, patienceMs);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) =>
        reject(new OperationFailure("missing", `${what} does not start: ${error.message}`)),
      );
      child.once("close", (status) => resolve(status ?? 1));
    });
    if (output.tooLong()) {
      throw new OperationFailure("refused", `${what} printed more than ${MOST_OUTPUT / 1024 / 1024} MB`);
    }
    // What was done in spite of the interruption is done.
    if (signal.aborted && code !== 0) {
      throw interrupted();
    }
    return { code, stdout: output.stdout(), stderr: output.stderr() };
  } finally {
    interruption.over();
  }
}

function collect(child: ChildProcess, onLine: (line: string) => void) {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let bytes = 0;
  let rest = "";
  const take = (name: keyof typeof chunks) => (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MOST_OUTPUT) chunks[name].push(chunk);
    else child.kill("SIGINT");
  };
  child.stdout?.on("data", take("stdout"));
  child.stderr?.on("data", take("stderr"));
  // A second reader, of whole characters.
  const decoder = new TextDecoder();
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  const text = (name: keyof typeof chunks) => Buffer.concat(chunks[name]).toString("utf8");
  return { tooLong: () => bytes > MOST_OUTPUT, stdout: () => text("stdout"), stderr: () => text("stderr") };
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
