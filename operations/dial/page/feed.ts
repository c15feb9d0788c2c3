import { OperationFailure } from "../../failure";
import type { DialSnapshot } from "../status";
import { History, type HistoryPoint } from "./history";
import { blind, judge, type Verdict } from "./verdict";

/** What the page is told, about each second. */
export interface PageState {
  /** Null before the first look that saw something. When the last look failed: the last that did not. */
  readonly snapshot: DialSnapshot | null;
  /** That could not be looked, in words, and since when (ISO 8601, UTC). */
  readonly failure: { readonly message: string; readonly hint: string | null; readonly since: string } | null;
  readonly verdict: Verdict;
  /** What this look adds to the history; null when it failed. */
  readonly point: HistoryPoint | null;
}

export type Listener = (state: PageState) => void;

const POLL_MS = 1000;
const HISTORY_MS = 30 * 60_000;

/** Looks at the dial again and again, and tells whoever listens. */
export class Feed {
  private readonly history = new History(HISTORY_MS);
  private readonly listeners = new Set<Listener>();
  private last: PageState | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly observe: () => Promise<DialSnapshot>,
    private readonly pollMs = POLL_MS,
  ) {}

  start(): void {
    this.looking = this.look().finally(() => {
      if (!this.ended) this.timer = setTimeout(() => this.start(), this.pollMs);
    });
  }

  /** Resolves when the last look is over. */
  async stop(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  get points(): readonly HistoryPoint[] {
    return this.history.points;
  }

  /** Tells what is known already, and everything from now on. @returns ends it */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    // Its point is in the history already.
    if (this.last !== undefined) listener({ ...this.last, point: null });
    return () => this.listeners.delete(listener);
  }

  private async look(): Promise<void> {
    this.last = await this.observe().then(
      (snapshot) => ({
        snapshot,
        failure: null,
        verdict: judge(snapshot),
        point: this.history.add(snapshot),
      }),
      (error: Error) => {
        const message = error.message;
        const hint = error instanceof OperationFailure ? (error.hint ?? null) : null;
        const since = this.last?.failure?.since ?? new Date().toISOString();
        const snapshot = this.last?.snapshot ?? null;
        return {
          snapshot,
          failure: { message, hint, since },
          verdict: blind(snapshot, message),
          point: null,
        };
      },
    );
    for (const listener of this.listeners) listener(this.last);
  }
}
