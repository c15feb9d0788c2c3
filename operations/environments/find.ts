import { basename } from "node:path";
import { environmentFile, listEnvironments } from "../../environment/folder";
import { OperationFailure } from "../failure";
import { unknownName } from "./named";

/** A file that describes an environment, found by its name. */
export interface EnvironmentFile {
  readonly name: string;
  readonly file: string;
}

/**
 * The environment files of a folder, or the one that is asked for.
 *
 * @param wanted name of an environment of the folder, or path of a file that ends in `.yaml`
 * @throws OperationFailure when there is none; InvalidEnvironmentError when the folder cannot be read
 */
export function findEnvironments(directory: string, wanted?: string): EnvironmentFile[] {
  if (wanted?.endsWith(".yaml")) {
    return [{ name: basename(wanted, ".yaml"), file: wanted }];
  }
  const names = listEnvironments(directory);
  if (names.length === 0) {
    throw new OperationFailure(
      "invalid",
      `no environment in ${directory}`,
      `describe one in ${environmentFile(directory, "NAME")}`,
    );
  }
  if (wanted !== undefined && !names.includes(wanted)) {
    throw unknownName(`no environment ${JSON.stringify(wanted)} in ${directory}`, wanted, names);
  }
  return names
    .filter((name) => wanted === undefined || name === wanted)
    .map((name) => ({ name, file: environmentFile(directory, name) }));
}
