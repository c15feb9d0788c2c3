import { CommandFailure, exitCodes } from "../exit";

/** The commit of a command: the one that it names, or the head of the pull request, which Atlantis says. */
export function headCommit(named: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const commit = named ?? environment.HEAD_COMMIT ?? "";
  if (commit === "") {
    throw new CommandFailure(
      exitCodes.invalid,
      "usage",
      "no commit is named, and HEAD_COMMIT is not set",
      "Atlantis sets HEAD_COMMIT; elsewhere, name it with --commit",
    );
  }
  return commit;
}
