// `npm run goldens` writes what each scenario comes to; `-- --allow-removed` also when an address is gone.
import { spawnSync } from "node:child_process";

const mode = process.argv.includes("--allow-removed") ? "allow-removed" : "write";
const args = ["jest", "--selectProjects", "unit", "--testPathPatterns", "unit/goldens"];
const { status } = spawnSync("npx", args, {
  stdio: "inherit",
  env: { ...process.env, SKYLINE_GOLDENS: mode },
});
process.exitCode = status ?? 1;
