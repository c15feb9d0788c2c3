/** Why an operation ended, in words that a command maps to its exit code. */
export type FailureKind =
  | "invalid" // usage or configuration
  | "missing" // a part that must be installed first
  | "refused" // a gate or precondition
  | "conflict" // another run holds it
  | "verification" // done in part, or the result is not what was asked for
  | "timeout"
  | "denied" // credentials or permission
  | "unreachable"
  | "restored" // failed, and the safe state from before is back
  | "unrestored" // failed, and not put back: a person is needed now
  | "interrupted";

/** An end that is no bug: what went wrong, and what to do next. */
export class OperationFailure extends Error {
  override readonly name = "OperationFailure";
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** What to do next, a sentence or a command. */
    readonly hint?: string,
  ) {
    super(message);
  }
}
