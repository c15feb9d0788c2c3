import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cleanTerraform } from "../terraform/clean-terraform";
import { terraformFailure } from "../terraform/diagnostics";
import { runTerraform, type TerraformEnd } from "../terraform/run";
import { masked } from "../terraform/secrets";
import { withWorkFolder } from "../terraform/work-folder";

/** Terraform that looks and writes nothing, each time in a folder of its own outside of the project. */
export interface LookingTerraform {
  /** A new, empty folder, which is gone in the end. @param name unlike all others' */
  folder(name: string): Promise<string>;
  /**
   * Runs to the end and gives its output.
   * @param what `terraform plan of development-mesh`
   * @param mask takes out of an error what nobody may see
   * @throws OperationFailure verification, with Terraform's errors; interrupted
   */
  run(folder: string, what: string, args: readonly string[], mask?: Mask): Promise<string>;
  /** The same, when its end is for the caller to judge. */
  end(folder: string, args: readonly string[]): Promise<TerraformEnd>;
}

export type Mask = (text: string) => string;

/**
 * Looks with Terraform; whatever it has put into its folders, plans with secrets among it, is gone afterwards.
 *
 * @throws OperationFailure missing, when there is no Terraform
 */
export async function withTerraform<T>(
  signal: AbortSignal,
  work: (terraform: LookingTerraform) => Promise<T>,
): Promise<T> {
  const { binary, env: clean } = await cleanTerraform(process.env);
  return withWorkFolder(async (root) => {
    const folder = async (name: string) => {
      const path = join(root, name);
      await mkdir(path);
      return path;
    };
    // A provider is fetched once, and not once a stack.
    const env = { TF_PLUGIN_CACHE_DIR: await folder("providers"), ...clean };
    const end = (place: string, args: readonly string[]) =>
      runTerraform({ binary, folder: place, env, signal }, args);
    return work({
      folder,
      end,
      run: async (place, what, args, mask = masked()) => {
        const ended = await end(place, args);
        if (ended.code !== 0) {
          throw terraformFailure(what, ended, mask);
        }
        return ended.stdout;
      },
    });
  });
}
