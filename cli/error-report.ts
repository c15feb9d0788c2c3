import { CommanderError } from "commander";
import { InvalidEnvironmentError } from "../environment/invalid";
import { showWithoutPlace, type Problem } from "../environment/problem";
import { OperationFailure } from "../operations/failure";
import { CommandFailure, exitCodeOf, exitCodes, type ExitCode } from "./exit";

/** One error, as `--json` prints it. */
export interface ErrorReport {
  /** For programs: stays the same when the words change. */
  readonly code: string;
  readonly message: string;
  /** What to do next. */
  readonly hint: string | null;
  /** What it is about: `file:line:column`, a cluster. */
  readonly object: string | null;
}

/** What a command that threw reports, and its exit code. */
export interface Failed {
  readonly exitCode: ExitCode;
  readonly errors: readonly ErrorReport[];
}

export const reportProblem = (problem: Problem): ErrorReport => ({
  code: "invalid-environment",
  message: showWithoutPlace(problem),
  hint: null,
  object: problem.where ?? null,
});

/** @param help command that shows the help of what was being run */
export function failed(error: unknown, help: string): Failed {
  if (error instanceof InvalidEnvironmentError) {
    return { exitCode: exitCodes.invalid, errors: error.problems.map(reportProblem) };
  }
  if (error instanceof OperationFailure) {
    return one(exitCodeOf[error.kind], error.kind, error.message, error.hint);
  }
  if (error instanceof CommandFailure) {
    return one(error.exitCode, error.code, error.message, error.hint, error.object);
  }
  if (error instanceof CommanderError) {
    return usage(error, help);
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return one(
    exitCodes.bug,
    "bug",
    `this is a bug: ${message.replace(/\s*\n\s*/g, " ")}`,
    "run it again with --debug, and report what it prints",
  );
}

function usage(error: CommanderError, help: string): Failed {
  if (error.code === "commander.help") {
    return one(exitCodes.invalid, "usage", "a command is missing", help);
  }
  // Commander puts its suggestion on a second line: "error: unknown option '--jsn'\n(Did you mean --json?)".
  const [first = "", suggestion] = error.message.split("\n");
  const hint = suggestion === undefined ? help : suggestion.replace(/^\((.*)\)$/, "$1");
  return one(exitCodes.invalid, "usage", first.replace(/^error: /, ""), hint);
}

const one = (exitCode: ExitCode, code: string, message: string, hint?: string, object?: string): Failed => ({
  exitCode,
  errors: [{ code, message, hint: hint ?? null, object: object ?? null }],
});
