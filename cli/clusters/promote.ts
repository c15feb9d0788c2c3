import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { loadEnvironment } from "../../environment/load";
import { promote, type Move, type PromoteResult } from "../../operations/registry/promote";
import { confirmProduction } from "../confirm";
import { examples } from "../examples";
import { fileOf } from "../environment-of";
import { seconds } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly timeout: number;
  readonly override?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly input: boolean;
}

/** `skyline promote`: makes a cluster the active one. */
export function promoteCommand(program: Command, session: Session): void {
  examples(
    program
      .command("promote")
      .description(
        "make a cluster the active one: the parameter, and the name of a self-managed cluster's API",
      )
      .argument("<cluster>", "cluster that has all of the traffic")
      .requiredOption("--env <environment>", "environment")
      .option("--override <reason>", "promote it although the dial is not at 100 for it, or cannot be read")
      .option("--dry-run", "move nothing, and say what would be moved")
      .option("--timeout <seconds>", "give up on AWS after this time", seconds, 60)
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((cluster: string, options: Options) => run(cluster, options, session))),
    "skyline promote bravo --env development --dry-run",
    "skyline promote bravo --env development",
    'skyline promote bravo --env production --override "alpha is lost" --yes',
  );
}

async function run(cluster: string, options: Options, session: Session): Promise<Result> {
  const path = fileOf(options);
  const environment = loadEnvironment(path);
  const { override, dryRun = false, yes = false, input } = options;
  const data = await session.interruptible((signal) =>
    promote(environment, cluster, {
      signal,
      timeoutMs: options.timeout * 1000,
      override,
      dryRun,
      file: { path, text: readFileSync(path, "utf8") },
      confirm: (moves) => {
        const deed = `Promoting ${cluster}: ${moves.map(({ what }) => what).join(" and ")}`;
        return confirmProduction({ environment: environment.environment, deed, yes, input, signal });
      },
      report: (move) => session.talk(`moved  ${lineOf(move)}`),
    }),
  );
  return { data, text: told(data, path) };
}

const lineOf = ({ what, from, to }: Move) => `${what}: ${from} -> ${to}`;

function told({ environment, cluster, moves, fileChange, dryRun }: PromoteResult, path: string): string {
  const due = moves.filter(({ action }) => action === "moved");
  const lines = moves.map((move) =>
    move.action === "none"
      ? `${move.what} says ${move.to} already`
      : `${lineOf(move)}${dryRun ? " (to be moved)" : ""}`,
  );
  const end =
    due.length === 0
      ? `nothing to do: ${cluster} is the active cluster of ${environment}`
      : dryRun
        ? `Nothing is moved. Try next: skyline promote ${cluster} --env ${environment}`
        : `${cluster} is the active cluster of ${environment}. Everybody's kubectl follows with: skyline kubeconfig --refresh --env ${environment}`;
  return [...lines, end, ...fileLines(fileChange, path)].join("\n");
}

function fileLines(change: string | null, path: string): readonly string[] {
  if (change === "") {
    return [];
  }
  return change === null
    ? ["", `Change the roles of ${path} by hand: they are no plain values there.`]
    : ["", "The matching change of the environment file, for the next pull request:", "", change];
}
