import { showProblem, type Problem } from "./problem";

/** An environment that cannot be used. `problems` has all findings; the message shows each on a line. */
export class InvalidEnvironmentError extends Error {
  override readonly name = "InvalidEnvironmentError";
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(showProblem).join("\n"));
  }

  /** Each problem in words, `file:line:column  path: what is wrong; what would be right`. */
  get lines(): string[] {
    return this.problems.map(showProblem);
  }
}
