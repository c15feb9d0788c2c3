import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InvalidEnvironmentError } from "./invalid";

/** Names of the environments in a folder, sorted. Other files (schema.json) are none of its business. */
export function listEnvironments(folder: string): string[] {
  const files = readFolder(folder).filter((file) => !file.startsWith("."));
  const misnamed = files.filter((file) => /\.(yml|YAML|YML)$/.test(file));
  if (misnamed.length > 0) {
    throw new InvalidEnvironmentError(
      misnamed.map((file) => ({
        path: [],
        message: "is not read; name it with .yaml in the end",
        where: join(folder, file),
      })),
    );
  }
  return files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message =
      code === "ENOENT"
        ? "there is no such folder; name the one that holds the environment files"
        : `cannot be read as a folder (${code})`;
    throw new InvalidEnvironmentError([{ path: [], message, where: folder }]);
  }
}

export const environmentFile = (folder: string, name: string) => join(folder, `${name}.yaml`);
