import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../environment/package-root";

/** This package's version. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string })
    .version;
}
