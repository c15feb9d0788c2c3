// Makes one tool's folder in the cache: binaries from PATH or from the Go compiler, and files of its module.
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { builtName } from "./go-module.mjs";
import { findOnPath } from "./on-path.mjs";

/** Says by itself what is wrong and what to do: printed without a stack. */
export class ToolError extends Error {}

/** Lines of the compiler's output worth showing: the errors come last, after pages of downloads. */
const OUTPUT_LINES = 40;

/** Makes the tool's folder unless it is there, and says how. */
export async function make(tool) {
  if (existsSync(tool.directory)) return "found";
  const parent = dirname(tool.directory);
  mkdirSync(parent, { recursive: true });
  // Beside its place, so that the rename at the end stays on one file system.
  const draft = mkdtempSync(join(parent, `.${tool.name}-`));
  // As closed to others as the rest of the cache: several users of a machine may share it.
  chmodSync(draft, 0o777 & ~process.umask());
  const forget = () => rmSync(draft, { recursive: true, force: true });
  process.once("exit", forget);
  try {
    const bin = join(draft, "bin");
    mkdirSync(bin);
    const found = tool.recipe.mayComeFromPath ? findOnPath(tool) : undefined;
    if (found) {
      const copy = ([binary, path]) => cpSync(path, join(bin, binary), { dereference: true });
      Object.entries(found).forEach(copy);
    } else {
      await compile(tool, bin);
    }
    if (tool.recipe.assets) await copyAssets(tool, draft);
    return put(draft, tool.directory) ? (found ? "copied from PATH" : "built") : "built by another process";
  } finally {
    forget();
    process.off("exit", forget);
  }
}

async function compile(tool, bin) {
  console.error(`${tool.name} ${tool.version}: building, this can take minutes …`);
  await go(tool, ["build", ...tool.flags, "-o", `${bin}/`, "tool"]);
  for (const [binary, path] of Object.entries(tool.binaries)) {
    if (builtName(path) !== binary) renameSync(join(bin, builtName(path)), join(bin, binary));
  }
}

async function copyAssets(tool, draft) {
  const output = await go(tool, ["mod", "download", "-json", tool.module]);
  const from = join(JSON.parse(output).Dir, tool.recipe.assets);
  const files = readdirSync(from, { recursive: true }).filter((file) => file.endsWith(".yaml"));
  for (const file of files) cpSync(join(from, file), join(draft, "assets", file));
}

/** False when another build was faster: its folder, made from the same input, stays. */
function put(draft, directory) {
  try {
    renameSync(draft, directory);
    return true;
  } catch (error) {
    if (existsSync(directory)) return false;
    throw error;
  }
}

/** Runs go in the tool's module and resolves to what it prints; ends it when this process is told to end. */
function go(tool, args) {
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, {
      cwd: tool.source,
      env: { ...process.env, ...tool.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stopped = { SIGINT: 130, SIGTERM: 143 };
    const stop = (signal) => {
      child.kill(signal);
      process.exit(stopped[signal]);
    };
    for (const signal of Object.keys(stopped)) process.once(signal, stop);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
    }
    child.on("error", (error) => reject(error.code === "ENOENT" ? missingGo(tool) : error));
    child.on("close", (code) => {
      for (const signal of Object.keys(stopped)) process.off(signal, stop);
      if (code === 0) return resolve(output.stdout);
      const end = `${output.stderr}${output.stdout}`.trimEnd().split("\n").slice(-OUTPUT_LINES).join("\n");
      reject(new ToolError(`${end}\n${tool.name} ${tool.version}: go ${args[0]} failed (exit ${code})`));
    });
  });
}

function missingGo(tool) {
  return new ToolError(
    `${tool.name} ${tool.version} is built from source: install Go ${tool.goVersion} or newer and put go on PATH`,
  );
}
