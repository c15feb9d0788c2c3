import { readFileSync, statSync } from "node:fs";
import { OperationFailure } from "../../failure";

/** Bytes; tokens of the known kinds have less than half of that. */
const MOST_BYTES = 16_384;

/**
 * The token for a store over HTTP, out of the file that SKYLINE_STORE_TOKEN_FILE names: a variable would be seen by every
 * program that is started. It is in no message.
 *
 * @returns undefined when no file is named
 * @throws OperationFailure invalid
 */
export function storeToken(environment: NodeJS.ProcessEnv): string | undefined {
  const file = environment.SKYLINE_STORE_TOKEN_FILE;
  if (file === undefined || file === "") {
    return undefined;
  }
  let text: string;
  try {
    if (!statSync(file).isFile() || statSync(file).size > MOST_BYTES) {
      throw new Error("it is no file of a token's size");
    }
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OperationFailure(
      "invalid",
      `SKYLINE_STORE_TOKEN_FILE, ${file}, cannot be read: ${(error as Error).message}`,
    );
  }
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new OperationFailure("invalid", `SKYLINE_STORE_TOKEN_FILE, ${file}, has no token on one line`);
  }
  return token;
}
