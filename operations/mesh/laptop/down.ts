import { ProcessTable } from "../process-table";
import { MeshWorld } from "../world";
import { stands } from "./folder";
import { alone } from "./lock";
import { isOurs, removeOurs } from "./ownership";

export interface DownResult {
  readonly directory: string;
  /** Processes that were stopped, or would be. */
  readonly stopped: readonly string[];
  /** What somebody has put into the folder, and which stays. */
  readonly kept: readonly string[];
}

/**
 * Stops a mesh that was left running, and removes its folder. Other processes are left alone, whatever their ids.
 * @throws OperationFailure invalid, when the folder is somebody else's
 */
export async function meshDown(directory: string, dryRun: boolean): Promise<DownResult> {
  return alone(directory, "skyline mesh down", async () => {
    const stopped = stands(directory) ? new ProcessTable(directory, true).running() : [];
    if (dryRun || !isOurs(directory)) {
      return { directory, stopped, kept: [] };
    }
    await MeshWorld.attach(directory)?.stop();
    return { directory, stopped, kept: removeOurs(directory) };
  });
}
