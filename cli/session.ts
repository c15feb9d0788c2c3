import { OperationFailure } from "../operations/failure";
import { CommandFailure, exitCodes } from "./exit";
import type { Streams, Result } from "./output";

/** What a command has of the process that it runs in. */
export class Session {
  private ended: Result | undefined;

  constructor(private readonly streams: Streams) {}

  /** Progress and other talk, a line: it goes to stderr. */
  talk(line: string): void {
    this.streams.stderr.write(`${line}\n`);
  }

  /** Data that comes before the command's end; it goes to stdout. */
  print(text: string): void {
    this.streams.stdout.write(text);
  }

  /** Makes an action of commander from a function that returns what the command gives. */
  action<Args extends unknown[]>(
    work: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<void> {
    return async (...args) => {
      this.ended = await work(...args);
    };
  }

  /**
   * Runs work that Ctrl-C and SIGTERM end in order: its signal is aborted, and the work stops what it has started.
   * @param farewell is told then; empty for work whose end this is
   * @throws CommandFailure with the exit code of the signal, once the work has ended for it
   */
  async interruptible<T>(
    work: (signal: AbortSignal) => Promise<T>,
    farewell = "Stopping what was started …",
  ): Promise<T> {
    const controller = new AbortController();
    let exitCode: typeof exitCodes.interrupted | typeof exitCodes.terminated = exitCodes.interrupted;
    const interrupt = (signal: NodeJS.Signals) => {
      exitCode = signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
      if (farewell !== "") this.talk(farewell);
      controller.abort();
    };
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    try {
      return await work(controller.signal);
    } catch (error) {
      if (error instanceof OperationFailure && error.kind === "interrupted") {
        throw new CommandFailure(exitCode, error.kind, error.message, error.hint);
      }
      throw error;
    } finally {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
  }

  /** What the command gave; undefined when none ran (help, version). */
  get result(): Result | undefined {
    return this.ended;
  }
}
