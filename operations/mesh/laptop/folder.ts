import { resolve } from "node:path";
import { OperationFailure } from "../../failure";
import { ProcessTable } from "../process-table";
import { MeshWorld } from "../world";
import { isOurs } from "./ownership";
import { recordOf } from "./record";

/** Folder of a mesh on this machine, unless another is named. */
export const MESH_FOLDER = ".skyline/mesh";

export const meshFolder = (directory: string) => resolve(directory);

/**
 * Whether anything that was started there still runs. Ids that other processes have by now do not count.
 * @throws OperationFailure invalid, when the folder is somebody else's or its record is damaged
 */
export function stands(directory: string): boolean {
  return (
    isOurs(directory) &&
    recordOf(directory) !== undefined &&
    new ProcessTable(directory, true).running().length > 0
  );
}

/** The mesh that stands there. @throws OperationFailure when there is none */
export function standing(directory: string): MeshWorld {
  const mesh = stands(directory) ? MeshWorld.attach(directory) : undefined;
  if (mesh === undefined) {
    throw new OperationFailure("missing", `no mesh stands in ${directory}`, "skyline mesh up");
  }
  return mesh;
}
