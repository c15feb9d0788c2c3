import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "../../failure";
import { MOST_BYTES } from "./format";

/**
 * Reads a file below a folder that somebody else has filled: no link on the way leads out of it, and nothing that is read
 * waits or has no end.
 *
 * @param path names of folders below it, and of the file
 * @throws OperationFailure invalid
 */
export function readWithin(folder: string, path: readonly string[]): string {
  const shown = `${path.join("/")} of ${folder}`;
  const invalid = (problem: string, hint?: string) =>
    new OperationFailure("invalid", `${shown} ${problem}`, hint);
  for (const [index] of path.slice(0, -1).entries()) {
    const found = lstatSync(join(folder, ...path.slice(0, index + 1)), { throwIfNoEntry: false });
    if (found !== undefined && !found.isDirectory()) {
      throw invalid("is in no folder, but behind a link");
    }
  }
  let file: number;
  try {
    file = openSync(join(folder, ...path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ENOENT"
      ? invalid("is not there", "synthesize the stacks first: npm run build && node dist/main.js")
      : invalid(code === "ELOOP" ? "is a link" : `cannot be read: ${code}`);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) {
      throw invalid("is no regular file");
    }
    if (found.size > MOST_BYTES) {
      throw invalid(`has ${found.size} bytes; a bundle has at most ${MOST_BYTES} bytes together`);
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
