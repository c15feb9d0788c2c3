// The packages that Skyline is measured against: dependencies of bench/package.json.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExpectedError } from "./errors.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Installs the peers unless they are there. */
export function installPeers() {
  // npm writes this file when an install is complete.
  if (existsSync(join(folder, "node_modules", ".package-lock.json"))) {
    return;
  }
  console.error("bench: installing what Skyline is measured against (npm ci in bench/, 700 MB) …");
  const { status } = spawnSync("npm", ["ci", "--no-progress"], { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    throw new ExpectedError("bench: npm ci failed; run it in bench/ to see why");
  }
}

/** Installed version of a peer. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
