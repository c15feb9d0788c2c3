import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "../failure";
import { pause, startProcess, tail, type StartOptions } from "../processes";

/** A place to run the app and cdktf in. */
export interface Workspace {
  /** Folder of cdktf.json. */
  readonly root: string;
  /** Folder that the app writes stacks into. */
  readonly output: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Whether the provider comes from a folder: then there is no registry to make a lock file for other systems from. */
  readonly mirrored: boolean;
}

/** Runs the app of cdktf.json, so that the stacks are there. */
export async function synthesize(workspace: Workspace, logFile: string): Promise<void> {
  const file = join(workspace.root, "cdktf.json");
  if (!existsSync(file)) {
    throw new OperationFailure("invalid", `there is no ${file}`, "run this in the project's folder");
  }
  const { app } = JSON.parse(readFileSync(file, "utf8")) as { app: string };
  const code = await runToEnd(workspace, { name: "the app", command: "/bin/sh", args: ["-c", app], logFile });
  if (code !== 0) {
    throw new OperationFailure("invalid", `the app did not synthesize (exit ${code}):\n${tail(logFile, 30)}`);
  }
}

/** `cdktf deploy` of stacks that were synthesized before. */
export async function deployStacks(
  workspace: Workspace,
  stacks: readonly string[],
  logFile: string,
  onOutput: (text: string) => void,
): Promise<void> {
  const command = join(workspace.root, "node_modules", ".bin", "cdktf");
  if (!existsSync(command)) {
    throw new OperationFailure("missing", "cdktf-cli is not installed in the project", "npm ci");
  }
  const args = ["deploy", ...stacks, "--auto-approve", "--skip-synth", "--output", workspace.output];
  if (workspace.mirrored) {
    args.push("--skip-provider-lock");
  }
  const code = await runToEnd(workspace, { name: "cdktf deploy", command, args, logFile }, onOutput);
  if (code !== 0) {
    throw failure("cdktf deploy", code, logFile);
  }
}

/**
 * `terraform destroy` of one stack. Not by `cdktf destroy`: that refuses a stack whose platform stack is not among those
 * to destroy, and with --ignore-missing-stack-dependencies cdktf 0.21 starts the same stack again and again, hundreds of
 * processes deep.
 */
export async function destroyStack(
  workspace: Workspace,
  binary: string,
  folder: string,
  logFile: string,
): Promise<void> {
  const args = [`-chdir=${folder}`, "destroy", "-auto-approve", "-input=false", "-no-color"];
  const code = await runToEnd(workspace, { name: "terraform destroy", command: binary, args, logFile });
  if (code !== 0) {
    throw failure("terraform destroy", code, logFile);
  }
}

function failure(what: string, code: number, logFile: string): OperationFailure {
  const log = withoutColour(readFileSync(logFile, "utf8"));
  if (
    /Failed to (query available provider packages|install provider)|could not connect to registry/i.test(log)
  ) {
    return new OperationFailure(
      "missing",
      "Terraform has no AWS provider: there is none in a plugin folder, and the registry cannot be reached",
      "connect to the registry, or name a folder with hashicorp/aws in it by SKYLINE_TF_MIRROR",
    );
  }
  const errors = log.split("\n").filter((line) => /Error:|│ /.test(line));
  const told = errors.length > 0 ? errors.slice(0, 20).join("\n") : tail(logFile);
  return new OperationFailure(
    "verification",
    `${what} ended with ${code}:\n${told}`,
    `the whole log: ${logFile}`,
  );
}

async function runToEnd(
  workspace: Workspace,
  options: Pick<StartOptions, "name" | "command" | "args" | "logFile">,
  onOutput: (text: string) => void = () => undefined,
): Promise<number> {
  const running = startProcess({
    ...options,
    cwd: workspace.root,
    env: { ...workspace.env, CDKTF_OUTDIR: workspace.output },
  });
  let seen = 0;
  const follow = () => {
    const text = readFileSync(options.logFile, "utf8");
    onOutput(withoutColour(text.slice(seen)));
    seen = text.length;
  };
  while (running.exitCode() === undefined) {
    if (workspace.signal.aborted) {
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
