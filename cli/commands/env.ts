import type { Command } from "commander";
import { environmentJsonSchema } from "../../environment/json-schema";
import { findEnvironments } from "../../operations/environments/find";
import { summarize, type EnvironmentSummary } from "../../operations/environments/summary";
import { validateEnvironments, type ValidatedEnvironment } from "../../operations/environments/validate";
import { reportProblem } from "../error-report";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";

interface Options {
  readonly directory: string;
}

const directoryOption = ["--directory <path>", "folder of the environment files", "environments"] as const;

/** `skyline env`: the environment files. Nothing here reaches outside the machine. */
export function envCommand(program: Command, session: Session): void {
  const env = program.command("env").description("check and list the environment files");
  examples(env, "skyline env validate", "skyline env list");
  examples(
    env
      .command("validate")
      .description("check one environment file, or all of them, and name every problem with its place")
      .argument("[environment]", "name of an environment, or path of a .yaml file")
      .option(...directoryOption)
      .action(
        session.action((wanted: string | undefined, { directory }: Options) => validate(directory, wanted)),
      ),
    "skyline env validate",
    "skyline env validate development",
  );
  examples(
    env
      .command("list")
      .description("list the environments and their clusters")
      .option(...directoryOption)
      .action(session.action(({ directory }: Options) => list(directory))),
    "skyline env list",
    "skyline env list --json",
  );
  examples(
    env
      .command("schema")
      .description("print the JSON Schema of an environment file, for editors")
      .action(session.action(schema)),
    "skyline env schema > environments/schema.json",
  );
}

function validate(directory: string, wanted: string | undefined): Result {
  const environments = validateEnvironments(findEnvironments(directory, wanted));
  return {
    data: environments.map(({ name, file, problems }) => ({ name, file, valid: problems.length === 0 })),
    text: environments.map(({ name, problems }) => `${name}: ${verdict(problems.length)}`).join("\n"),
    ...problemsIn(environments),
  };
}

const verdict = (problems: number) =>
  problems === 0 ? "valid" : problems === 1 ? "1 problem" : `${problems} problems`;

function list(directory: string): Result {
  const environments = validateEnvironments(findEnvironments(directory));
  const summaries = environments.flatMap(({ environment }) =>
    environment === undefined ? [] : [summarize(environment)],
  );
  return {
    data: summaries,
    text: table(["ENVIRONMENT", "REGION", "CLUSTER", "KIND", "ROLE", "KUBERNETES"], summaries.flatMap(rows)),
    ...problemsIn(environments),
  };
}

const rows = ({ environment, region, clusters }: EnvironmentSummary) =>
  clusters.map(({ name, kind, role, kubernetes }) => [environment, region, name, kind, role, kubernetes]);

function problemsIn(environments: readonly ValidatedEnvironment[]): Pick<Result, "exitCode" | "errors"> {
  const errors = environments.flatMap(({ problems }) => problems.map(reportProblem));
  return errors.length === 0 ? {} : { exitCode: exitCodes.invalid, errors };
}

function schema(): Result {
  const data = environmentJsonSchema();
  return { data, text: JSON.stringify(data, undefined, 2) };
}
