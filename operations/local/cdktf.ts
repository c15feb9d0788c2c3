import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd, withoutColour, type AppRun } from "../app";
import { OperationFailure } from "../failure";
import { tail } from "../processes";

/** A place to run cdktf and Terraform in. */
export interface Workspace extends AppRun {
  /** Whether the provider comes from a folder: then there is no registry to make a lock file for other systems from. */
  readonly mirrored: boolean;
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
  const errors = errorsIn(log);
  const told = errors.length > 0 ? errors.slice(0, 40).join("\n") : tail(logFile);
  return new OperationFailure(
    "verification",
    `${what} ended with ${code}:\n${told}`,
    `the whole log: ${logFile}`,
  );
}

/** The lines of Terraform's errors, framed or, without colour, not: its warnings would push them out of sight. */
export function errorsIn(log: string): string[] {
  const frames = log.split(/^.*╷\s*$/m).slice(1);
  const framed = frames.flatMap((frame) => {
    const lines = (frame.split(/^.*╵\s*$/m)[0] ?? "").split("\n").filter((line) => line.includes("│"));
    return lines.some((line) => line.includes("Error:")) ? lines : [];
  });
  const plain = log.split(/^(?=.*Error: )/m).slice(1);
  return framed.length > 0 ? framed : plain.flatMap((error) => error.trimEnd().split("\n").slice(0, 6));
}
