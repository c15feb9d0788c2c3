import { OperationFailure } from "../failure";

/** What was read, or why it could not be. */
export type Reading<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: OperationFailure };

/** Reads one part of many: that it cannot be read is for the report to say, and no reason to look at nothing else. */
export class Reader {
  /** For what is started: a person's interrupt, or that the time is up. */
  readonly signal: AbortSignal;

  /**
   * @param interrupt of a person
   * @param deadline aborted when the time is up
   */
  constructor(
    private readonly interrupt: AbortSignal,
    private readonly deadline: AbortSignal,
  ) {
    this.signal = AbortSignal.any([interrupt, deadline]);
  }

  /** @throws OperationFailure interrupted, by a person; any error that is no failure of an operation */
  async read<T>(work: () => Promise<T>): Promise<Reading<T>> {
    try {
      this.signal.throwIfAborted();
      return { value: await work() };
    } catch (error) {
      if (this.interrupt.aborted) {
        throw new OperationFailure("interrupted", "stopped; nothing was written");
      }
      if (this.deadline.aborted) {
        return { problem: new OperationFailure("timeout", "the time was up", "give it more by --timeout") };
      }
      if (!(error instanceof OperationFailure)) {
        throw error;
      }
      return { problem: error };
    }
  }
}
