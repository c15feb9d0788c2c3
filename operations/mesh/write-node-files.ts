import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderMesosNode } from "../../environment/mesh/mesos-node";
import type { Environment } from "../../environment/schema";

/** A file of the folder, as it was found. */
export interface NodeFileOutcome {
  /** On a node. */
  readonly path: string;
  readonly action: "created" | "changed" | "unchanged";
}

/**
 * Writes the settings of an environment's Mesos nodes below a folder, as they stand on a node. None of them is secret.
 *
 * @param dryRun writes nothing, and tells what would be written
 */
export function writeNodeFiles(environment: Environment, folder: string, dryRun = false): NodeFileOutcome[] {
  return renderMesosNode(environment).map(({ path, content }) => {
    const file = join(folder, path);
    const found = textOf(file);
    if (found !== content && !dryRun) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const action = found === undefined ? "created" : found === content ? "unchanged" : "changed";
    return { path, action };
  });
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
