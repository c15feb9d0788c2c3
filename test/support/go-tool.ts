import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** A Go program of tools/, built. */
export interface GoTool {
  readonly name: string;
  /** As its go.mod says it: `v1.35.4`. */
  readonly version: string;
  /** Its folder in the cache: `bin/`, and `assets/` where the tool keeps files of its module. */
  readonly directory: string;
  /** Paths of its binaries by name. */
  readonly binaries: Readonly<Record<string, string>>;
}

const script = join(__dirname, "..", "..", "tools", "build.mjs");

/** Finds a tool that `node tools/build.mjs` has built; rejects with that command when it has not. */
export async function goTool(name: string): Promise<GoTool> {
  // Named, as Jest gives tests a copy of the environment, which a child does not inherit by itself.
  const options = { env: process.env };
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--where", name], options);
  const [tool] = JSON.parse(stdout) as (GoTool & { built: boolean })[];
  if (!tool?.built) {
    throw new Error(`${name} ${tool?.version} is not built: run "node tools/build.mjs" once`);
  }
  return tool;
}

/** The path of one of its binaries. */
export function binaryOf(tool: GoTool, binary = tool.name): string {
  const path = tool.binaries[binary];
  if (path === undefined) {
    throw new Error(`${tool.name} has no binary "${binary}", only ${Object.keys(tool.binaries).join(", ")}`);
  }
  return path;
}
