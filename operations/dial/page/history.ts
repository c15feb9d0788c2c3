import type { DialSnapshot } from "../status";
import { weightOf } from "../weights";

/** Figures of a cluster at a moment; null where there were none. */
export interface Figures {
  /** Percent. */
  readonly weight: number | null;
  /** 0 to 1. */
  readonly share: number | null;
  readonly errorRate: number | null;
  /** Seconds. */
  readonly p99: number | null;
}

export interface HistoryPoint {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly clusters: Readonly<Record<string, Figures>>;
}

/** What the page draws over time, kept here so that a page that is loaded anew has it at once. */
export class History {
  private readonly kept: HistoryPoint[] = [];

  /** @param spanMs how far back points are kept */
  constructor(private readonly spanMs: number) {}

  get points(): readonly HistoryPoint[] {
    return this.kept;
  }

  /** Adds what a snapshot says, and drops what is too old. */
  add(snapshot: DialSnapshot): HistoryPoint {
    const point = pointOf(snapshot);
    this.kept.push(point);
    const young = this.kept.findIndex(({ at }) => at >= point.at - this.spanMs);
    this.kept.splice(0, young);
    return point;
  }
}

function pointOf({ at, clusters, desired, live }: DialSnapshot): HistoryPoint {
  const names = new Set([
    ...clusters.map(({ name }) => name),
    ...Object.keys(desired?.weights ?? {}),
    ...Object.keys(live?.clusters ?? {}),
  ]);
  const figures = [...names].map((name) => {
    const traffic = live !== null && Object.hasOwn(live.clusters, name) ? live.clusters[name] : undefined;
    return [
      name,
      {
        weight: desired === null ? null : weightOf(desired.weights, name),
        share: traffic?.share ?? null,
        errorRate: traffic?.errorRate ?? null,
        p99: traffic?.p99 ?? null,
      },
    ] as const;
  });
  return { at: Date.parse(at), clusters: Object.fromEntries(figures) };
}
