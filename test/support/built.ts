import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..", "..");
const CACHE = join(ROOT, "node_modules", ".cache", "skyline-cli");
/** What the CLI is made of: nothing of it imports constructs or stacks. */
const FOLDERS = ["environment", "operations", "cli"];

const DAY = 24 * 60 * 60 * 1000;

let built: string | undefined;

/**
 * Path of the compiled CLI, to be started with node. It is compiled with the project's TypeScript and its options, yet
 * without type checks and into a folder of its own for each state of the sources: in a second and not in the time that
 * the constructs' types take, whatever state dist/ and the rest of the project are in, and safe against another worker
 * that does the same.
 */
export function builtCli(): string {
  built ??= join(compiled(), "cli", "skyline.js");
  return built;
}

function compiled(): string {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file)),
  ).map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));
  const options = compilerOptions();
  const state = createHash("sha256")
    .update(JSON.stringify([ts.version, options, sources]))
    .digest("hex")
    .slice(0, 16);
  const folder = join(CACHE, state);
  if (!existsSync(folder)) {
    compile(sources, options, folder);
  }
  return folder;
}

function compilerOptions(): ts.CompilerOptions {
  const file = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, ROOT).options;
}

/** Removes what was compiled longer ago than `age`, in milliseconds. */
function forget(age: number): void {
  for (const name of existsSync(CACHE) ? readdirSync(CACHE) : []) {
    if (Date.now() - statSync(join(CACHE, name)).mtimeMs > age) {
      rmSync(join(CACHE, name), { recursive: true, force: true });
    }
  }
}

interface Source {
  readonly file: string;
  readonly text: string;
}

function compile(sources: readonly Source[], compilerOptions: ts.CompilerOptions, folder: string): void {
  forget(DAY);
  const unfinished = `${folder}.${randomUUID()}`;
  for (const { file, text } of sources) {
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: join(ROOT, file) });
    const output = join(unfinished, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, outputText);
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another worker was first.
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) {
      throw error;
    }
  }
}
