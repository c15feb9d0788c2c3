import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "../../failure";
import { readState } from "./state";
import { listed, type StateStore } from "./store";

/**
 * States of an environment without a bucket: files in the project's folder, with those of other environments beside them.
 *
 * @param folder of the files
 */
export function folderStates(folder: string, environment: string): StateStore {
  const read = <T>(work: () => T, what: string): T => {
    try {
      return work();
    } catch (error) {
      throw new OperationFailure(
        "refused",
        `${what} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      );
    }
  };
  const nameOf = (file: string) => {
    const [, name = ""] = /^terraform\.(.+)\.tfstate$/.exec(file) ?? [];
    return name.startsWith(`${environment}-`) ? name : undefined;
  };
  return {
    list: async () =>
      listed(
        read(() => readdirSync(folder), folder),
        nameOf,
        (file) => `.${file}.lock.info`,
        (file) => join(folder, file),
      ),
    read: async ({ where }) =>
      readState(
        read(() => readFileSync(where, "utf8"), where),
        where,
      ),
  };
}
