import type { Streams, Result } from "./output";

/** What a command has of the process that it runs in. */
export class Session {
  private ended: Result | undefined;

  constructor(private readonly streams: Streams) {}

  /** Progress and other talk, a line: it goes to stderr. */
  talk(line: string): void {
    this.streams.stderr.write(`${line}\n`);
  }

  /** Makes an action of commander from a function that returns what the command gives. */
  action<Args extends unknown[]>(
    work: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<void> {
    return async (...args) => {
      this.ended = await work(...args);
    };
  }

  /** What the command gave; undefined when none ran (help, version). */
  get result(): Result | undefined {
    return this.ended;
  }
}
