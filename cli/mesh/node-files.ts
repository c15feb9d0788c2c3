import type { Command } from "commander";
import { writeNodeFiles } from "../../operations/mesh/write-node-files";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { environmentOf } from "../environment-of";

interface Options {
  readonly env: string;
  readonly out: string;
  readonly directory: string;
  readonly dryRun?: true;
}

/** `skyline mesh node-files`: the folder of settings that Ansible's role `mesos-node` wants. */
export function addNodeFiles(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("node-files")
      .description("write the settings of Mesos nodes, for Ansible's role mesos-node")
      .requiredOption("--env <environment>", "environment")
      .requiredOption("--out <folder>", "folder to write them below")
      .option("--dry-run", "write nothing, and tell what would be written")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action(nodeFiles)),
    "skyline mesh node-files --env development --out mesos-development",
  );
}

async function nodeFiles(options: Options): Promise<Result> {
  const { out, dryRun = false } = options;
  const environment = environmentOf(options);
  const files = writeNodeFiles(environment, out, dryRun);
  return {
    data: { environment: environment.environment, folder: out, dryRun, files },
    text: files.map(({ action, path }) => `${action.padEnd(9)}  ${out}${path}`).join("\n"),
  };
}
