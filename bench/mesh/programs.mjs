// Where the programs of this benchmark come from.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExpectedError } from "../errors.mjs";
import { findBinaries, pythonEnvironment } from "./product.mjs";

/** Programs of the distribution, by their packages; no package index has them. */
const INSTALLED = {
  wrk: { of: "wrk", what: "makes the load" },
  haproxy: { of: "haproxy", what: "one of the peers" },
  taskset: { of: "util-linux", what: "keeps proxies and load on cores of their own" },
};

/**
 * Paths of all programs, and versions of those that are compared. Makes the Python environments that hold NGINX and Envoy
 * unless they are there.
 *
 * @throws ExpectedError that names every missing program, and how to get it
 */
export async function findPrograms() {
  const paths = Object.fromEntries(Object.keys(INSTALLED).map((name) => [name, onPath(name)]));
  const missing = Object.keys(INSTALLED).filter((name) => paths[name] === undefined);
  if (missing.length > 0) {
    const list = missing.map((name) => `  ${name} (${INSTALLED[name].what})`).join("\n");
    const packages = missing.map((name) => INSTALLED[name].of).join(" ");
    throw new ExpectedError(
      `bench: not installed:\n${list}\nDebian and Ubuntu have them: apt-get install --no-install-recommends ${packages}`,
    );
  }
  // The mesh's programs find Python by PATH: without a version manager's script in between, as on a node.
  const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
  process.env.PATH = `${dirname(python.stdout.trim())}${delimiter}${process.env.PATH}`;
  // The NGINX of all contenders is the one that a mesh on this machine runs on.
  Object.assign(paths, await findBinaries());
  const { bin } = await pythonEnvironment(fileURLToPath(new URL("./envoy", import.meta.url)));
  paths.envoy = envoyIn(join(bin, "..", "lib"));
  return { paths, versions: versions(paths) };
}

function onPath(name) {
  return `${process.env.PATH ?? ""}${delimiter}/usr/sbin`
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The binary itself: the script of that name is a Python that stays in memory beside it. */
const envoyIn = (library) =>
  join(library, readdirSync(library)[0], "site-packages", "envoy", "_bin", "envoy");

function versions(paths) {
  const flags = { nginx: "-v", envoy: "--version", haproxy: "-v", wrk: "-v" };
  const said = ([name, flag]) => {
    const { stdout, stderr } = spawnSync(paths[name], [flag], { encoding: "utf8" });
    // Envoy prints its path first, and that has the version of Python in it.
    const version = /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`.replace(paths[name], ""));
    return [name, version?.[0] ?? "unknown"];
  };
  return Object.fromEntries(Object.entries(flags).map(said));
}
