/**
 * Times of requests: how many took at most so many seconds and more than the bound before. By upper bound in seconds,
 * Infinity for what took longer than any.
 */
export type Histogram = ReadonlyMap<number, number>;

/** What was counted of a cluster over some time. */
export interface Traffic {
  readonly requests: number;
  /** Answers with 5xx. */
  readonly errors: number;
  /** Of requests that have an end: streams and WebSockets are in `requests` alone. */
  readonly times: Histogram;
}

/** The same in a few figures, as people and programs read them. */
export interface ClusterTraffic {
  readonly requests: number;
  /** Part of all clusters' requests, 0 to 1; null without any. */
  readonly share: number | null;
  readonly errors: number;
  /** 0 to 1; null without requests. */
  readonly errorRate: number | null;
  /** Seconds; null without requests that have an end. */
  readonly p50: number | null;
  readonly p99: number | null;
}

const NO_TRAFFIC: Traffic = { requests: 0, errors: 0, times: new Map() };

export function sum(traffics: readonly Traffic[]): Traffic {
  const times = new Map<number, number>();
  for (const [bound, count] of traffics.flatMap((traffic) => [...traffic.times])) {
    times.set(bound, (times.get(bound) ?? 0) + count);
  }
  return {
    requests: total(traffics.map(({ requests }) => requests)),
    errors: total(traffics.map(({ errors }) => errors)),
    times,
  };
}

/** Of a cluster; none when nothing was counted. Not `clusters[name]`: a cluster may be called `constructor`. */
export const trafficOf = (clusters: Readonly<Record<string, Traffic>>, cluster: string): Traffic =>
  Object.hasOwn(clusters, cluster) ? (clusters[cluster] ?? NO_TRAFFIC) : NO_TRAFFIC;

/** Sums by cluster. */
export function sumByCluster(
  parts: readonly Readonly<Record<string, Traffic>>[],
): Readonly<Record<string, Traffic>> {
  const clusters = [...new Set(parts.flatMap((part) => Object.keys(part)))].sort();
  return Object.fromEntries(
    clusters.map((cluster) => [cluster, sum(parts.map((part) => trafficOf(part, cluster)))]),
  );
}

/**
 * Time within which this part of the requests ended, interpolated as Prometheus' histogram_quantile does; of those beyond
 * the last bound that bound, for nothing more is known. Null without requests.
 */
export function quantile(times: Histogram, part: number): number | null {
  const buckets = sorted(times);
  const rank = part * total(buckets.map(([, count]) => count));
  if (rank === 0) return null;
  let below = 0;
  let lower = 0;
  for (const [upper, count] of buckets) {
    if (below + count >= rank && count > 0) {
      return upper === Infinity ? lower : lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
    lower = upper;
  }
  return lower;
}

/** How many took longer, with the bucket that the limit is in shared out evenly. */
export function slowerThan(times: Histogram, limit: number): number {
  let lower = 0;
  let slower = 0;
  for (const [upper, count] of sorted(times)) {
    // What lies beyond the last bound may be just beyond it: no part of that bucket is told from another.
    const part = upper === Infinity ? 1 : Math.min(1, Math.max(0, (upper - limit) / (upper - lower)));
    slower += lower >= limit ? count : count * part;
    lower = upper;
  }
  return slower;
}

/** Requests that have an end. */
export const timed = (times: Histogram): number => total([...times.values()]);

export function figures(
  clusters: Readonly<Record<string, Traffic>>,
): Readonly<Record<string, ClusterTraffic>> {
  const all = total(Object.values(clusters).map(({ requests }) => requests));
  return Object.fromEntries(
    Object.entries(clusters).map(([cluster, { requests, errors, times }]) => [
      cluster,
      {
        requests,
        share: all === 0 ? null : requests / all,
        errors,
        errorRate: requests === 0 ? null : errors / requests,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
      },
    ]),
  );
}

const total = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

const sorted = (times: Histogram) => [...times].sort(([a], [b]) => a - b);
