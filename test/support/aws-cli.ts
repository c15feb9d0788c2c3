import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isolated } from "../../operations/isolated";

/** The AWS CLI against the emulator: a client that is neither Terraform nor ours. */
export async function aws<T = unknown>(
  env: NodeJS.ProcessEnv,
  command: readonly string[],
  options: Readonly<Record<string, string>> = {},
): Promise<T> {
  const args = [...command, "--output", "json", ...Object.entries(options).flat()];
  const { stdout } = await promisify(execFile)("aws", args, {
    env: isolated(env),
    maxBuffer: 64 * 1024 * 1024,
  });
  return (stdout.trim() === "" ? undefined : JSON.parse(stdout)) as T;
}
