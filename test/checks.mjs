// Builds, checks the types and lints at once, two cores' worth of work, and prints each one's output when it has ended.
import { spawn } from "node:child_process";

const CHECKS = ["build", "typecheck", "lint:code", "lint:format"];

/** Resolves to whether the npm script of that name passed. */
const passes = (script) =>
  new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", script], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.once("error", (error) => (output += `${error.message}\n`));
    child.once("close", (code) => {
      if (code !== 0) console.error(`npm run ${script} ended with ${code}:\n${output}`);
      resolve(code === 0);
    });
  });

const all = await Promise.all(CHECKS.map(passes));
process.exitCode = all.every((passed) => passed) ? 0 : 1;
