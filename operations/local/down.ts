import { rm } from "node:fs/promises";
import { join } from "node:path";
import { environmentFile } from "../../environment/folder";
import { loadEnvironment } from "../../environment/load";
import { OperationFailure } from "../failure";
import { stopGroup } from "../processes";
import { awsStacks, stacksOf } from "../synthesized";
import { destroyStack } from "./cdktf";
import { isAlive, localFolder, readRunState } from "./run-state";
import { findTerraform } from "./terraform";
import type { LocalOptions } from "./up";
import { workspaceOf } from "./workspace";

export interface DownResult {
  /** Name of the environment that was removed, or undefined when none stood. */
  readonly environment: string | undefined;
  /** Stacks that Terraform destroyed. */
  readonly stacks: readonly string[];
}

/**
 * Removes a kept environment: its stacks are destroyed, the last one first, then the emulators end.
 * @throws OperationFailure when the destroy fails; the environment is left standing then, to be looked at
 */
export async function localDown(options: Omit<LocalOptions, "keep" | "environment">): Promise<DownResult> {
  const folder = localFolder(options.root);
  const state = readRunState(folder);
  if (state === undefined || !isAlive(state)) {
    await rm(folder, { recursive: true, force: true });
    return { environment: undefined, stacks: [] };
  }
  const environment = loadEnvironment(environmentFile(options.environments, state.environment));
  const terraform = await findTerraform();
  const workspace = workspaceOf(options, terraform, state, environment);
  const stacks = awsStacks(stacksOf(workspace.output, state.environment)).reverse();
  for (const stack of stacks) {
    options.report({ type: "step", text: `terraform destroy of ${stack.name}` });
    const log = join(folder, `destroy-${stack.name}.log`);
    await destroyStack(workspace, terraform.binary, stack.folder, log).catch((error: Error) => {
      const hint = `it still stands; look at ${folder}, or end processes ${state.pids.join(", ")} by hand`;
      throw new OperationFailure(
        error instanceof OperationFailure ? error.kind : "verification",
        error.message,
        hint,
      );
    });
  }
  await Promise.all(state.pids.map((pid) => stopGroup(pid)));
  await rm(folder, { recursive: true, force: true });
  return { environment: state.environment, stacks: stacks.map(({ name }) => name) };
}
