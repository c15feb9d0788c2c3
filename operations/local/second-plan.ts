import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { OperationFailure } from "../failure";
import { differencesIn, type Difference } from "./deviations";

const run = promisify(execFile);

/** Exit code of `terraform plan -detailed-exitcode`, where 0 is an empty plan. */
const SOMETHING_DIFFERS = 2;

/** Plans a stack that was applied before, and tells every difference. */
export async function planAgain(
  binary: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Difference[]> {
  const file = join(folder, "second.tfplan");
  const options = { cwd: folder, env, signal, maxBuffer: 256 * 1024 * 1024 };
  try {
    const args = ["plan", "-input=false", "-lock=false", "-no-color", "-detailed-exitcode", `-out=${file}`];
    const differs = await run(binary, args, options).then(
      () => false,
      (error: { code?: unknown }) => {
        if (error.code === SOMETHING_DIFFERS) return true;
        throw error;
      },
    );
    // Seconds of a processor, as Terraform starts the provider to read a plan, too.
    if (!differs) return [];
    const { stdout } = await run(binary, ["show", "-json", file], options);
    return differencesIn(JSON.parse(stdout));
  } catch (error) {
    if (signal.aborted) {
      throw new OperationFailure("interrupted", "the second plan was interrupted");
    }
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new OperationFailure("verification", `the second plan of ${folder} failed:\n${stderr || message}`);
  }
}
