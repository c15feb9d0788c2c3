import type { FailureKind } from "../operations/failure";

/** What the exit code of every command means. */
export const exitCodes = {
  /** Done, or nothing to do. */
  done: 0,
  /** A bug. */
  bug: 1,
  /** Usage or configuration invalid. */
  invalid: 2,
  /** `--check` found change or staleness. */
  changed: 3,
  /** A gate or precondition refused. */
  refused: 4,
  /** Conflict, or lock held. */
  conflict: 5,
  /** Partial, or verification failed. */
  partial: 6,
  timeout: 7,
  /** Credentials or permission. */
  denied: 8,
  /** Remote unreachable. */
  unreachable: 9,
  /** Confirmation needed, no terminal. */
  unconfirmed: 10,
  /** Failed, safe state restored. */
  restored: 11,
  /** Failed, not restored: a person is needed now. */
  unrestored: 12,
  /** SIGINT, state saved. */
  interrupted: 130,
  /** SIGTERM, state saved. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Exit code of an operation that failed. */
export const exitCodeOf: Readonly<Record<FailureKind, ExitCode>> = {
  invalid: exitCodes.invalid,
  missing: exitCodes.refused,
  refused: exitCodes.refused,
  conflict: exitCodes.conflict,
  verification: exitCodes.partial,
  timeout: exitCodes.timeout,
  denied: exitCodes.denied,
  unreachable: exitCodes.unreachable,
  restored: exitCodes.restored,
  unrestored: exitCodes.unrestored,
  interrupted: exitCodes.interrupted,
};

/** An end of a command that is no bug and comes from no operation. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  constructor(
    readonly exitCode: ExitCode,
    /** For programs, like `no-terminal`: stays the same when the words change. */
    readonly code: string,
    message: string,
    /** What to do next, a sentence or a command. */
    readonly hint?: string,
    /** What it is about: a file with its position, a cluster. */
    readonly object?: string,
  ) {
    super(message);
  }
}
