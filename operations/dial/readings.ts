import { sumByCluster, type Traffic } from "./traffic";

/** What a gateway has counted since it was made, at one moment. */
export interface Reading {
  /** When the gateway wrote it, in seconds of its own clock: a value that stands still is a counter that does. */
  readonly written: number;
  readonly requests: ReadonlyMap<string, Series>;
  /** Cumulated counts of the times of requests, by cluster and upper bound. */
  readonly buckets: ReadonlyMap<string, Bucket>;
}

interface Series {
  readonly cluster: string;
  readonly error: boolean;
  readonly value: number;
}

interface Bucket {
  readonly cluster: string;
  readonly bound: number;
  readonly value: number;
}

/**
 * Reads what the dial needs of a gateway's metrics: requests by cluster and status, and times by cluster. Names that
 * are no service's are left out: nobody moves a dial by asking for what is not there.
 *
 * @throws Error when it is no text of `skyline-metrics`
 */
export function parseReading(text: string): Reading {
  const written = /^skyline_metrics_written_timestamp_seconds (\S+)$/m.exec(text)?.[1];
  if (written === undefined) throw new Error("/metrics says nothing of when it was written");
  const requests = new Map<string, Series>();
  for (const [, labels = "", value = ""] of text.matchAll(/^skyline_requests_total\{(.*)\} (\S+)$/gm)) {
    const { listener, service, cluster = NONE, code = "" } = labelsOf(labels);
    if (listener === GATEWAY && service !== UNROUTED && cluster !== NONE) {
      requests.set(labels, { cluster, error: code.startsWith("5"), value: Number(value) });
    }
  }
  const buckets = new Map<string, Bucket>();
  for (const [, labels = "", value = ""] of text.matchAll(TIMES)) {
    const { listener, cluster = NONE, le = "" } = labelsOf(labels);
    if (listener === GATEWAY && cluster !== NONE) {
      buckets.set(labels, { cluster, bound: le === "+Inf" ? Infinity : Number(le), value: Number(value) });
    }
  }
  return { written: Number(written), requests, buckets };
}

/**
 * What came between two readings of one gateway, by cluster. Null when a counter has fallen: the gateway counts anew,
 * and what it has now may be of any time, so nothing is known of the time between.
 */
export function growth(before: Reading, after: Reading): Readonly<Record<string, Traffic>> | null {
  if (hasFallen(before.requests, after.requests) || hasFallen(before.buckets, after.buckets)) return null;
  const counted = [...after.requests].map(([labels, { cluster, error, value }]) => {
    const more = value - (before.requests.get(labels)?.value ?? 0);
    return { [cluster]: { requests: more, errors: error ? more : 0, times: new Map<number, number>() } };
  });
  const cumulated = new Map<string, Map<number, number>>();
  for (const [labels, { cluster, bound, value }] of after.buckets) {
    const more = value - (before.buckets.get(labels)?.value ?? 0);
    cumulated.set(cluster, (cumulated.get(cluster) ?? new Map<number, number>()).set(bound, more));
  }
  const times = [...cumulated].map(([cluster, bounds]) => ({
    [cluster]: { requests: 0, errors: 0, times: differences(bounds) },
  }));
  return sumByCluster([...counted, ...times]);
}

const GATEWAY = "gateway";
const NONE = "(none)";
const UNROUTED = "(unrouted)";
const TIMES = /^skyline_cluster_request_seconds_bucket\{(.*)\} (\S+)$/gm;

/** Values have nothing to escape: they are names that were checked, and words of the counter's own. */
const labelsOf = (text: string): Partial<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value]) => [label, value]));

/** A series that is gone has not fallen: the counter drops names that nobody has asked for in a day. */
const hasFallen = (
  before: ReadonlyMap<string, { readonly value: number }>,
  after: ReadonlyMap<string, { readonly value: number }>,
) => [...before].some(([labels, { value }]) => (after.get(labels)?.value ?? Infinity) < value);

function differences(cumulated: ReadonlyMap<number, number>): Map<number, number> {
  let below = 0;
  return new Map(
    [...cumulated]
      .sort(([a], [b]) => a - b)
      .map(([bound, value]) => {
        const count = value - below;
        below = value;
        return [bound, count];
      }),
  );
}
