import { OperationFailure } from "../../failure";
import { pause } from "../../processes";

export interface Patience {
  readonly signal: AbortSignal;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly pollMs: number;
}

/**
 * Asks until `lacks` gives undefined.
 *
 * @param lacks what is missing, in words that follow the name of what is waited for
 * @param onLack is told each new reason
 * @throws OperationFailure timeout with the last reason, or interrupted
 */
export async function waitUntilNothing(
  what: string,
  lacks: () => Promise<string | undefined>,
  { signal, deadline, pollMs }: Patience,
  onLack: (reason: string) => void = () => undefined,
): Promise<void> {
  let told: string | undefined;
  for (;;) {
    const reason = await lacks();
    if (reason === undefined) {
      return;
    }
    if (reason !== told) {
      onLack((told = reason));
    }
    if (signal.aborted) {
      throw new OperationFailure("interrupted", `waiting for ${what} was interrupted: ${reason}`);
    }
    if (performance.now() + pollMs > deadline) {
      throw new OperationFailure("timeout", `${what}: ${reason}`, "give it more time with --timeout");
    }
    await pause(pollMs);
  }
}
