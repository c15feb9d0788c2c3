import { ProcessTable } from "../process-table";
import { MeshWorld } from "../world";
import { remove, stands } from "./folder";
import { alone } from "./lock";

export interface DownResult {
  readonly directory: string;
  /** Processes that were stopped, or would be. */
  readonly stopped: readonly string[];
}

/** Stops a mesh that was left running, and removes its folder. Other processes are left alone, whatever their ids. */
export async function meshDown(directory: string, dryRun: boolean): Promise<DownResult> {
  return alone(directory, "skyline mesh down", async () => {
    const stopped = stands(directory) ? new ProcessTable(directory, true).running() : [];
    if (!dryRun) {
      await MeshWorld.attach(directory)?.stop();
      remove(directory);
    }
    return { directory, stopped };
  });
}
