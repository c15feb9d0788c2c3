import type { Command } from "commander";
import { meshDown } from "../../operations/mesh/laptop/down";
import { meshFolder, MESH_FOLDER } from "../../operations/mesh/laptop/folder";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";

interface Options {
  readonly directory: string;
  readonly dryRun?: boolean;
}

/** `skyline mesh down`: stops what `up` has started, and nothing else. */
export function addDown(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("down")
      .description("stop the mesh of this machine, and remove its folder")
      .option("--dry-run", "say what would be stopped")
      .option("--directory <path>", "folder of the mesh", MESH_FOLDER)
      .action(session.action(down)),
    "skyline mesh down",
    "skyline mesh down --dry-run",
  );
}

async function down({ directory, dryRun = false }: Options): Promise<Result> {
  const data = await meshDown(meshFolder(directory), dryRun);
  const count = data.stopped.length;
  const kept = data.kept.length === 0 ? [] : [`kept, as no mesh has made it: ${data.kept.join(", ")}`];
  const done =
    count === 0
      ? ["nothing to do: no mesh stands"]
      : dryRun
        ? [...data.stopped, `${count} processes would be stopped`]
        : [`stopped: ${count} processes`];
  return { data, text: [...done, ...kept].join("\n") };
}
