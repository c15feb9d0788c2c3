// Finds binaries on PATH that are exactly the version a tool's go.mod names.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of each of the tool's binaries, or undefined unless all of them are there in that version. */
export function findOnPath(tool) {
  const paths = Object.keys(tool.binaries).map((binary) => [binary, executable(binary)]);
  const exact = ([, path]) => path !== undefined && reportsVersion(path, tool.version);
  return paths.every(exact) ? Object.fromEntries(paths) : undefined;
}

function executable(binary) {
  const isExecutable = (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, binary)).find(isExecutable);
}

function reportsVersion(path, version) {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  const number = version.replace(/^v/, "").replaceAll(".", "\\.");
  // A vendor's build ("v1.35.4+k3s1", "v1.35.4-eks-…") is not this version.
  return new RegExp(`(^|\\s)v?${number}(\\s|$)`).test(stdout ?? "");
}
