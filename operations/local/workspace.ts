import { join } from "node:path";
import type { Environment } from "../../environment/schema";
import { isolated } from "../isolated";
import type { Workspace } from "./cdktf";
import { emulatorEnvironment, type Emulator } from "./emulator";
import { localFolder } from "./run-state";
import { terraformEnvironment, type Terraform } from "./terraform";

/** Terraform's settings of a local environment, below its folder. */
export const terraformSettings = (folder: string) => join(folder, "terraform.rc");

/** Where cdktf and Terraform work on a local environment, and what leads them to its emulator and nowhere else. */
export function workspaceOf(
  { root, signal }: { readonly root: string; readonly signal: AbortSignal },
  terraform: Terraform,
  emulator: Pick<Emulator, "aws" | "eks">,
  { account, region }: Environment,
): Workspace {
  const folder = localFolder(root);
  return {
    root,
    output: join(folder, "cdktf.out"),
    env: isolated({
      ...terraformEnvironment(terraform, terraformSettings(folder)),
      ...emulatorEnvironment(emulator, account, region),
    }),
    signal,
    mirrored: terraform.mirror !== undefined,
  };
}
