// Runs a subject once, in a process and a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExpectedError } from "../errors.mjs";
import { checkOutput } from "./output.mjs";

const measure = fileURLToPath(new URL("./measure.js", import.meta.url));

/** Far above any subject: a process that does not end is a finding, and must not hold the others up. */
const TIMEOUT_MS = 120_000;

/**
 * Runs a subject and checks what it has written.
 *
 * Linux starts a child's peak memory at what its parent holds at that moment, so this process has to stay far smaller
 * than any subject: it has 55 MB.
 *
 * @returns what measure.js says, `wall` in seconds from start to exit as seen from here, and the number of resources
 * @throws ExpectedError when the process fails, does not end, or has written something else than the clusters
 */
export async function runSubject(subject, clusters) {
  const folder = mkdtempSync(join(tmpdir(), "skyline-bench-"));
  try {
    const measured = await run(subject, clusters, folder);
    return { ...measured, resources: checkOutput(subject, clusters, folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(subject, clusters, folder) {
  const started = process.hrtime.bigint();
  const child = spawn(process.execPath, [measure, subject, String(clusters), folder], {
    // Neither credentials nor options of Node reach a subject.
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const [talk, result] = [collect(child.stderr), collect(child.stdio[3])];
  // Not "close": the time of a process ends with its exit.
  const [status, signal] = await once(child, "exit");
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) {
    const how =
      signal === null ? `failed with status ${status}` : `did not end within ${TIMEOUT_MS / 1000} s`;
    throw new ExpectedError(`bench: ${subject} with ${clusters} clusters ${how}\n${await talk}`);
  }
  return { ...JSON.parse(await result), wall };
}

async function collect(stream) {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
  }
  return text;
}
