import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { OperationFailure } from "../../failure";
import { writeWhole } from "../../whole-file";

/** What each generated file says of itself, and no other file. */
const WRITTEN_BY = "Written by skyline atlantis generate";

/** A file's text; undefined when there is none. */
export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return undefined;
    throw new OperationFailure("invalid", `${file} cannot be read (${code})`);
  }
}

/** Writes a file, and the folders above it. */
export function writeFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, text);
}

export const removeFile = (file: string): void => rmSync(file);

/**
 * Files that Atlantis would read and that nobody generates any more, relative to `output`. Only what was generated once
 * may be removed.
 *
 * @throws OperationFailure invalid for one that a person wrote
 */
export function leftoversOf(output: string, wanted: ReadonlyMap<string, string>): string[] {
  const found = [
    // Atlantis refuses every plan while there is a file of this name.
    ...filesIn(output, "").filter((path) => path === "atlantis.yml"),
    ...filesIn(output, "atlantis").filter((path) => path.endsWith(".yaml")),
    ...filesIn(output, "atlantis/templates").filter((path) => path.endsWith(".tmpl")),
  ].filter((path) => !wanted.has(path));
  const foreign = found.find((path) => textOf(join(output, path))?.includes(WRITTEN_BY) !== true);
  if (foreign !== undefined) {
    throw new OperationFailure(
      "invalid",
      `${join(output, foreign)} was not generated, and Atlantis would read it`,
      "move it out of the way, or remove it",
    );
  }
  return found;
}

function filesIn(output: string, folder: string): string[] {
  try {
    return readdirSync(join(output, folder), { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => (folder === "" ? name : `${folder}/${name}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
