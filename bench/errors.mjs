/** An error whose message says all: printed without a stack. */
export class ExpectedError extends Error {
  expected = true;
}

/** A command line that nobody can carry out. */
export class UsageError extends ExpectedError {}
