import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "../../../cli/program";
import { builtCli } from "../../support/built";
import { developmentFile, fixture } from "../environment/problems";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiled CLI as a process of its own. */
export function skyline(args: readonly string[], cwd = process.cwd()): Promise<Ended> {
  // FORCE_COLOR, as colour would have to be asked for by something: there is none.
  const env = { PATH: process.env.PATH, FORCE_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(process.execPath, [builtCli(), ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? NaN), stdout, stderr });
    });
  });
}

/** A command line run inside this process: for what has no part in being one, in a hundredth of the time. */
export async function inside(...args: readonly string[]): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const streams = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  };
  const code = await run(args, streams);
  return { code, stdout: out.join(""), stderr: err.join("") };
}

/** A folder with `environments/` that has these fixtures in it; "development" is the project's own. */
export function projectWith(...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "skyline-cli-"));
  mkdirSync(join(folder, "environments"));
  for (const name of names) {
    const file = name === "development" ? developmentFile : fixture(name);
    cpSync(file, join(folder, "environments", basename(file)));
  }
  return folder;
}
