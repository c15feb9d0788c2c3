// Reads a tool's go.mod, the only place where its version is written, and says where the tool is kept.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recipes } from "./recipes.mjs";

const toolsFolder = fileURLToPath(new URL(".", import.meta.url));

const environment = {
  // Without cgo a binary needs no C compiler to build and no matching libc to run.
  CGO_ENABLED: "0",
  GOWORK: "off",
  GOOS: { win32: "windows" }[process.platform] ?? process.platform,
  GOARCH: { x64: "amd64", ia32: "386" }[process.arch] ?? process.arch,
};

/** A tool is a folder with a go.mod. */
export function toolNames() {
  return readdirSync(toolsFolder)
    .filter((name) => existsSync(join(toolsFolder, name, "go.mod")))
    .sort();
}

/** A tool as its go.mod and recipe describe it. `binaries` maps a binary's name to the package it is built from. */
export function readTool(name) {
  const source = join(toolsFolder, name);
  const goMod = readFileSync(join(source, "go.mod"), "utf8");
  const goSum = readFileSync(join(source, "go.sum"), "utf8");
  const recipe = recipes[name] ?? {};
  const packages = toolPackages(goMod);
  const [module, version] = moduleOf(packages[0], goMod) ?? ownProgram(packages[0], goMod) ?? [];
  if (module === undefined) throw new Error(`tools/${name}/go.mod has no tool line with a required module`);
  const ldflags = ["-s", "-w", ...(recipe.ldflags?.(version) ?? [])].join(" ");
  const flags = ["-mod=readonly", "-trimpath", "-ldflags", ldflags];
  const input = [goMod, goSum, ...goFiles(source), JSON.stringify([flags, environment, recipe])].join("\0");
  const key = createHash("sha256").update(input).digest("hex").slice(0, 16);
  return {
    name,
    version,
    module,
    recipe,
    source,
    goVersion: /^go\s+(\S+)/m.exec(goMod)?.[1],
    binaries: Object.fromEntries(packages.map((path) => [binaryName(path, recipe), path])),
    flags,
    env: environment,
    directory: join(cacheFolder(), "go", `${name}-${key}`),
  };
}

/** What `go build -o folder/` calls a package's binary: its last element that is not a major version. */
export function builtName(path) {
  return path
    .split("/")
    .filter((element) => !/^v\d+$/.test(element))
    .at(-1);
}

function binaryName(path, recipe) {
  return recipe.renamed?.[builtName(path)] ?? builtName(path);
}

function toolPackages(goMod) {
  const blocks = [...goMod.matchAll(/^tool\s+(?:\(([^)]*)\)|(\S+))/gm)];
  return blocks.flatMap(([, block, single]) => (block ?? single).trim().split(/\s+/));
}

/** The required module that holds the package, as [path, version]: the longest path where several match. */
function moduleOf(path, goMod) {
  const required = [...goMod.matchAll(/^(?:require)?\s+(\S+)\s+(v\d\S*)(?:\s*\/\/.*)?$/gm)];
  return required
    .map(([, module, version]) => [module, version])
    .filter(([module]) => path === module || path?.startsWith(`${module}/`))
    .sort(([a], [b]) => b.length - a.length)[0];
}

/** A program of the tool's own module, which is named after the version of the one module that it requires itself. */
function ownProgram(path, goMod) {
  const own = /^module\s+(\S+)$/m.exec(goMod)?.[1];
  const [, module, version] = /^require\s+(\S+)\s+(v\d\S*)$/m.exec(goMod) ?? [];
  return path === own && module !== undefined ? [module, version] : undefined;
}

/** What the tool's own program is made of; other tools are a go.mod and a go.sum alone. */
function goFiles(source) {
  const names = readdirSync(source).filter((name) => name.endsWith(".go"));
  return names.sort().map((name) => readFileSync(join(source, name), "utf8"));
}

function cacheFolder() {
  const { SKYLINE_CACHE, XDG_CACHE_HOME } = process.env;
  return SKYLINE_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "skyline");
}
