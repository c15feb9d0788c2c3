import { createInterface } from "node:readline/promises";
import { CommandFailure, exitCodes } from "./exit";

/** Environments in which a command that changes what is served asks first. */
const PRODUCTION = /^prod(uction)?(-|$)/;

/** Whether it is one of them. */
export const asksFirst = (environment: string): boolean => PRODUCTION.test(environment);

export interface Confirmation {
  readonly environment: string;
  /** What is about to be done, a sentence. */
  readonly deed: string;
  /** `--yes` */
  readonly yes: boolean;
  /** False with `--no-input`. */
  readonly input: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Asks for the name of a production environment before something is done to it.
 *
 * @throws CommandFailure unconfirmed, when nobody can be asked or the answer is another
 */
export async function confirmProduction(confirmation: Confirmation): Promise<void> {
  const { environment, deed, yes, input, signal } = confirmation;
  if (yes || !asksFirst(environment)) {
    return;
  }
  if (!input || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw unconfirmed(`${deed} in ${environment} wants to be confirmed, and there is nobody to ask`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `${deed} in ${environment}. Type the name of the environment to go on: `;
    const answer = await terminal.question(question, { signal });
    if (answer.trim() !== environment) {
      throw unconfirmed(
        `nothing is done: the answer was ${JSON.stringify(answer.trim())}, not ${environment}`,
      );
    }
  } finally {
    terminal.close();
  }
}

const unconfirmed = (message: string) =>
  new CommandFailure(exitCodes.unconfirmed, "unconfirmed", message, "confirm it with --yes");
