import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

let found: string | undefined;

/** Folder of this package, from the sources and from dist/ alike: where mesh/ and its like are. */
export function packageRoot(): string {
  found ??= search(__dirname);
  return found;
}

function search(folder: string): string {
  const manifest = join(folder, "package.json");
  if (
    existsSync(manifest) &&
    (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "skyline"
  ) {
    return folder;
  }
  if (dirname(folder) === folder) {
    throw new Error(`no package.json of skyline above ${__dirname}`);
  }
  return search(dirname(folder));
}
