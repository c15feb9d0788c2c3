import { existsSync, readdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { OperationFailure } from "../../failure";
import { ProcessTable } from "../process-table";
import { MeshWorld } from "../world";
import { readState } from "../world-state";

/** Folder of a mesh on this machine, unless another is named. */
export const MESH_FOLDER = ".skyline/mesh";

export const meshFolder = (directory: string) => resolve(directory);

/** Whether anything that was started there still runs. Ids that other processes have by now do not count. */
export function stands(directory: string): boolean {
  return readState(directory) !== undefined && new ProcessTable(directory, true).running().length > 0;
}

/** @throws OperationFailure when there are files that no mesh has written */
export function refuseForeign(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0 && readState(directory) === undefined) {
    throw new OperationFailure(
      "invalid",
      `${directory} has files, and they are not those of a mesh`,
      "name an empty folder with --directory, or one that is not there",
    );
  }
}

/** Removes the folder of a mesh, and no other. */
export function remove(directory: string): void {
  if (readState(directory) !== undefined) {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The mesh that stands there. @throws OperationFailure when there is none */
export function standing(directory: string): MeshWorld {
  const mesh = stands(directory) ? MeshWorld.attach(directory) : undefined;
  if (mesh === undefined) {
    throw new OperationFailure("missing", `no mesh stands in ${directory}`, "skyline mesh up");
  }
  return mesh;
}
