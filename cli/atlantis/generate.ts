import type { Command } from "commander";
import { generate, type Generated, type GeneratedFile } from "../../operations/atlantis/generate/generate";
import { printable, unifiedDiff } from "../../operations/mesh/publish/diff";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";

interface Options {
  readonly repository?: string;
  readonly store?: string;
  readonly branch?: string;
  readonly folder?: string;
  readonly stacks: string;
  readonly directory: string;
  readonly output: string;
  readonly check?: true;
  readonly dryRun?: true;
}

/** `skyline atlantis generate`: Atlantis' configuration, which is committed. */
export function addGenerate(atlantis: Command, session: Session): void {
  examples(
    atlantis
      .command("generate")
      .description("write Atlantis' configuration from the environment files and the synthesized stacks")
      .option("--repository <id>", "the first time: repository as Atlantis names it")
      .option("--store <url>", "the first time: where bundles of synthesized stacks are kept")
      .option("--branch <name>", "the first time: branch that pull requests go to, if not main")
      .option("--folder <path>", "the first time: the server's folder of these files, if not /etc/skyline")
      .option("--stacks <path>", "folder that the app was synthesized to", "cdktf.out")
      .option("--directory <path>", "folder of the environment files, within the repository", "environments")
      .option("--output <path>", "the repository", ".")
      .option("--check", "write nothing, and end with 3 when a file is stale")
      .option("--dry-run", "write nothing, and print the difference")
      .action(session.action((options: Options) => run(options, session))),
    "skyline atlantis generate --repository github.com/example/platform --store https://artefacts.example.internal/skyline",
    "skyline atlantis generate",
    "skyline atlantis generate --check",
  );
}

function run(options: Options, session: Session): Result {
  const { repository, store, branch, folder, stacks, directory, output, check, dryRun } = options;
  const first = {
    ...(repository === undefined ? {} : { repository }),
    ...(store === undefined ? {} : { store }),
    ...(branch === undefined ? {} : { branch }),
    ...(folder === undefined ? {} : { folder }),
  };
  const readOnly = check === true || dryRun === true;
  const generated = generate({ output, directory, stacks, first, dryRun: readOnly });
  generated.leftOut.forEach((name) =>
    session.talk(printable(`${name} says nothing of an environment: Atlantis will not plan it`)),
  );
  const files = generated.changes.map(({ path, action, before, after }) => ({
    ...{ path, action },
    diff: unifiedDiff(path, bufferOf(before), bufferOf(after)),
  }));
  const stale = files.length > 0;
  return {
    data: { stale, dryRun: readOnly, stacks: generated.stacks, leftOut: generated.leftOut, files },
    text: printable(told(generated, readOnly ? files.map(({ diff }) => diff) : undefined)),
    exitCode: check === true && stale ? exitCodes.changed : exitCodes.done,
  };
}

const bufferOf = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text));

function told({ changes, stacks }: Generated, differences: readonly string[] | undefined): string {
  if (changes.length === 0) {
    return `nothing to do: the configuration of ${stacks.length} stacks is as it should be`;
  }
  if (differences !== undefined) {
    const count = changes.length === 1 ? "1 file is stale" : `${changes.length} files are stale`;
    return [...differences, `${count}. Nothing is written. Try next: skyline atlantis generate`].join("\n");
  }
  return [
    ...changes.map(({ action, path }) => `${action.padEnd(7)}  ${path}`),
    ...(changes.some(isOfServer) ? [FOR_THE_SERVER] : []),
  ].join("\n");
}

const isOfServer = ({ path }: GeneratedFile) =>
  path.startsWith("atlantis/") && path !== "atlantis/settings.yaml";

const FOR_THE_SERVER =
  "Atlantis' server reads its own copy of atlantis/: put it there once this is merged (docs/atlantis.md).";
