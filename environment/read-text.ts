import { readFileSync, statSync, type Stats } from "node:fs";
import { InvalidEnvironmentError } from "./invalid";

/** A sensible file has a few kilobytes; above this size it is refused unread. */
export const MAXIMUM_BYTES = 64 * 1024;

/**
 * The text of a file, without its byte order mark.
 *
 * @throws InvalidEnvironmentError when it is missing, no regular file, too large or not UTF-8
 */
export function readText(file: string): string {
  const stat = attempt(file, () => statSync(file));
  // A pipe or a device may never end.
  if (!stat.isFile()) {
    throw refusal(file, `is ${kindOf(stat)}; name a YAML file`);
  }
  if (stat.size > MAXIMUM_BYTES) {
    throw refusal(`${file}:1:1`, `has ${stat.size} bytes; an environment file has at most ${MAXIMUM_BYTES}`);
  }
  const bytes = attempt(file, () => readFileSync(file));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refusal(`${file}:1:1`, "is not UTF-8 text; save it in that encoding");
  }
}

const kindOf = (stat: Stats) => (stat.isDirectory() ? "a folder" : "no regular file");

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw refusal(file, code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`);
  }
}

const refusal = (where: string, message: string) =>
  new InvalidEnvironmentError([{ path: [], message, where }]);
