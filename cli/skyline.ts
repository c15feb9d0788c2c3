#!/usr/bin/env node
import { exitCodes } from "./exit";
import { run } from "./program";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`skyline env list | head -1`) does not end the work.
  if (error.code !== "EPIPE") {
    process.stderr.write(`error: the output could not be written: ${error.message}\n`);
    process.exit(exitCodes.bug);
  }
});
process.stderr.on("error", () => undefined);

// Not process.exit: a pipe may still have to take what was written.
void run(process.argv.slice(2), process).then((exitCode) => {
  process.exitCode = exitCode;
});
