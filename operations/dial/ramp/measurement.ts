import type { Evidence, Reference } from "../gate";
import type { Measured } from "../meter";
import { quantile, sum, trafficOf, type Traffic } from "../traffic";

export interface MeasurementOptions {
  /** Cluster that gets more. */
  readonly target: string;
  /** Clusters that have what is left in this step; empty once the target has all. */
  readonly sources: readonly string[];
  /** What the source answered before: compared with where it has too few requests now. */
  readonly reference: Reference | null;
  /** Of the target and of the source, for a comparison. */
  readonly minRequests: number;
}

/** A piece of time has so many seconds at least, so that two of them are no single moment. */
const WINDOW_SECONDS = 5;

interface Piece {
  readonly target: Traffic;
  readonly source: Traffic;
}

const NOTHING: Piece = { target: sum([]), source: sum([]) };

/** Gathers what a step's verdict needs from what gateways counted. */
export class Measurement {
  private whole = NOTHING;
  private current = NOTHING;
  private currentSeconds = 0;
  /** The last two that are complete: no verdict asks for more. */
  private windows: readonly Piece[] = [];
  private unread: readonly string[] = [];

  constructor(private readonly options: MeasurementOptions) {}

  add({ seconds, clusters, unread }: Measured): void {
    const { target, sources, minRequests } = this.options;
    const piece = {
      target: trafficOf(clusters, target),
      source: sum(sources.map((source) => trafficOf(clusters, source))),
    };
    this.unread = unread;
    this.whole = joined(this.whole, piece);
    this.current = joined(this.current, piece);
    this.currentSeconds += seconds;
    if (this.currentSeconds >= WINDOW_SECONDS && this.current.target.requests >= minRequests) {
      this.windows = [...this.windows, this.current].slice(-2);
      this.current = NOTHING;
      this.currentSeconds = 0;
    }
  }

  get evidence(): Evidence {
    return {
      target: this.whole.target,
      source: this.compared(this.whole.source),
      windows: this.windows.map(({ target, source }) => ({ target, source: this.compared(source) })),
      unread: this.unread,
    };
  }

  /** What a later step may compare with: of this step, or what there was before it. */
  get reference(): Reference | null {
    return this.whole.source.requests >= this.options.minRequests
      ? referenceOf(this.whole.source)
      : this.options.reference;
  }

  /** What a piece's target is compared with: its own source, and where that has too few, the source of the whole step. */
  private compared(source: Traffic): Reference | null {
    if (source.requests >= this.options.minRequests) return referenceOf(source);
    return this.reference ?? (this.whole.source.requests > 0 ? referenceOf(this.whole.source) : null);
  }
}

export const referenceOf = ({ requests, errors, times }: Traffic): Reference => ({
  requests,
  errors,
  p99: quantile(times, 0.99),
});

const joined = (one: Piece, other: Piece): Piece => ({
  target: sum([one.target, other.target]),
  source: sum([one.source, other.source]),
});
