import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root";

/** A file of `mesh/`, the data plane as files. */
export function dataPlaneFile(path: string): string {
  return readFileSync(join(packageRoot(), "mesh", path), "utf8");
}
