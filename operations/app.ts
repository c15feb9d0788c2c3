import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "./failure";
import { pause, startProcess, tail, type StartOptions } from "./processes";

/** A run of the app, or of cdktf with what the app has made. */
export interface AppRun {
  /** Folder of cdktf.json. */
  readonly root: string;
  /** Folder that the app writes stacks into. */
  readonly output: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Runs the app of cdktf.json, so that the stacks are there. */
export async function synthesize(run: AppRun, logFile: string): Promise<void> {
  const file = join(run.root, "cdktf.json");
  if (!existsSync(file)) {
    throw new OperationFailure("invalid", `there is no ${file}`, "run this in the project's folder");
  }
  const { app } = JSON.parse(readFileSync(file, "utf8")) as { app: string };
  const code = await runToEnd(run, { name: "the app", command: "/bin/sh", args: ["-c", app], logFile });
  if (code !== 0) {
    throw new OperationFailure("invalid", `the app did not synthesize (exit ${code}):\n${tail(logFile, 30)}`);
  }
}

/** Runs a program, hands on whole lines of its output, and tells its exit code. @throws OperationFailure when it was interrupted */
export async function runToEnd(
  run: AppRun,
  options: Pick<StartOptions, "name" | "command" | "args" | "logFile">,
  onOutput: (text: string) => void = () => undefined,
): Promise<number> {
  const running = startProcess({
    ...options,
    cwd: run.root,
    env: { ...run.env, CDKTF_OUTDIR: run.output },
  });
  let seen = 0;
  const follow = () => {
    const text = readFileSync(options.logFile, "utf8");
    const end = text.lastIndexOf("\n") + 1;
    onOutput(withoutColour(text.slice(seen, end)));
    seen = end;
  };
  while (running.exitCode() === undefined) {
    if (run.signal.aborted) {
      // Terraform gets the time to write its state.
      await running.stop(20_000);
      throw new OperationFailure("interrupted", `${options.name} was interrupted`);
    }
    await Promise.race([running.exited, pause(250)]);
    follow();
  }
  return running.exitCode() ?? 1;
}

export const withoutColour = (text: string) => text.replace(/\u001b\[[0-9;]*m/g, "");
