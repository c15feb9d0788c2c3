import { growth, parseReading } from "../../../../operations/dial/readings";
import {
  figures,
  quantile,
  slowerThan,
  sum,
  sumByCluster,
  trafficOf,
} from "../../../../operations/dial/traffic";

interface Counts {
  /** `cluster code` or `cluster code service`, and how many. */
  readonly requests: Readonly<Record<string, number>>;
  /** Times by cluster, in milliseconds: how many took so long. */
  readonly times?: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly written?: number;
}

const BOUNDS = Array.from({ length: 33 }, (_, step) => Number((0.001 * 2 ** (step / 2)).toFixed(4)));

/** Metrics as a gateway's `skyline-metrics` writes them, with what the dial has no use for. */
function metrics({ requests, times = {}, written = 1_769_000_000.25 }: Counts): string {
  const counted = Object.entries(requests).map(([what, value]) => {
    const [cluster, code, service = "giphy"] = what.split(" ");
    const route = cluster === "(none)" ? "mesos" : "kubernetes";
    return `skyline_requests_total{listener="gateway",service="${service}",route="${route}",cluster="${cluster}",code="${code}"} ${value}`;
  });
  const buckets = Object.entries(times).flatMap(([cluster, histogram]) => {
    const own = `listener="gateway",cluster="${cluster}"`;
    const within = (bound: number) =>
      Object.entries(histogram).reduce(
        (all, [ms, count]) => (Number(ms) / 1000 <= bound ? all + count : all),
        0,
      );
    const name = "skyline_cluster_request_seconds";
    return [
      ...BOUNDS.map((bound) => `${name}_bucket{${own},le="${bound}"} ${within(bound)}`),
      `${name}_bucket{${own},le="+Inf"} ${within(Infinity)}`,
      `${name}_sum{${own}} 12.5`,
      `${name}_count{${own}} ${within(Infinity)}`,
    ];
  });
  return [
    "# HELP skyline_requests_total Requests answered, by what the mesh made of them.",
    "# TYPE skyline_requests_total counter",
    ...counted,
    'skyline_requests_total{listener="local",service="giphy",route="catch-all",cluster="alpha",code="200"} 999999',
    "# TYPE skyline_cluster_request_seconds histogram",
    ...buckets,
    'skyline_cluster_weight{cluster="alpha"} 95',
    `skyline_metrics_written_timestamp_seconds ${written}`,
    "",
  ].join("\n");
}

const between = (before: Counts, after: Counts) =>
  growth(parseReading(metrics(before)), parseReading(metrics(after)));

test("counts requests and errors of clusters between two readings", () => {
  const before = { requests: { "alpha 200": 1_500_000, "alpha 503": 12, "bravo 200": 400 } };
  const after = {
    requests: {
      ...{ "alpha 200": 1_500_900, "alpha 503": 15, "alpha 404": 30, "bravo 200": 440, "bravo 500": 7 },
      // A service that was never asked for before, and what is none: neither a service nor a cluster.
      ...{ "bravo 200 maps": 3, "alpha 404 (unrouted)": 5000, "(none) 200 organization": 70_000 },
    },
  };
  expect(between(before, after)).toEqual({
    alpha: { requests: 933, errors: 3, times: new Map() },
    bravo: { requests: 50, errors: 7, times: new Map() },
  });
});

test("knows how long requests took between two readings", () => {
  const before = { requests: {}, times: { alpha: { 3: 1000, 50: 10 }, bravo: { 3: 5 } } };
  const after = { requests: {}, times: { alpha: { 3: 1900, 50: 110 }, bravo: { 3: 5, 90_000: 2 } } };
  const grown = between(before, after);
  const alpha = grown?.alpha?.times ?? new Map<number, number>();
  expect([...alpha].filter(([, count]) => count > 0)).toEqual([
    [0.004, 900],
    [0.064, 100],
  ]);
  expect([...(grown?.bravo?.times ?? [])].filter(([, count]) => count > 0)).toEqual([[Infinity, 2]]);
});

describe("counters that begin anew", () => {
  const before = { requests: { "alpha 200": 100_000, "bravo 200": 900, "bravo 500": 40 } };

  test("a counter that has fallen says nothing of the time between", () => {
    expect(between(before, { requests: { "alpha 200": 70 } })).toBeNull();
  });

  test("nor do those beside it, which may have come past what they were", () => {
    expect(between(before, { requests: { "alpha 200": 70, "bravo 500": 4000 } })).toBeNull();
  });

  test("a histogram that has fallen does not either", () => {
    const times = { alpha: { 3: 1000 } };
    expect(between({ requests: {}, times }, { requests: {}, times: { alpha: { 3: 20 } } })).toBeNull();
  });

  test("the next reading counts again", () => {
    const anew = { requests: { "alpha 200": 70 } };
    const next = { requests: { "alpha 200": 170, "bravo 500": 3 } };
    expect(between(anew, next)).toMatchObject({
      alpha: { requests: 100, errors: 0 },
      bravo: { requests: 3, errors: 3 },
    });
  });

  test("a name that is dropped, since nobody asks for it, has not fallen", () => {
    const dropped = { requests: { "alpha 200": 100_050, "bravo 500": 40 } };
    expect(between(before, dropped)).toMatchObject({
      alpha: { requests: 50 },
      bravo: { requests: 0, errors: 0 },
    });
  });
});

test("a text without its time is none of the counter's", () => {
  expect(() => parseReading("<html>502</html>")).toThrow("/metrics says nothing of when it was written");
});

test("sums of gateways, and their figures", () => {
  const part = {
    requests: 300,
    errors: 3,
    times: new Map([
      [0.008, 290],
      [0.016, 10],
    ]),
  };
  const { alpha, bravo } = figures({ alpha: sum([part, part, part]), bravo: { ...part, requests: 100 } });
  expect(alpha).toMatchObject({ requests: 900, errors: 9, errorRate: 0.01, share: 0.9 });
  expect(alpha?.p50).toBeCloseTo(0.00414, 4);
  expect(alpha?.p99).toBeCloseTo(0.0136, 4);
  expect(bravo?.share).toBe(0.1);
  expect(figures({ alpha: { requests: 0, errors: 0, times: new Map() } }).alpha).toEqual({
    ...{ requests: 0, share: null, errors: 0, errorRate: null, p50: null, p99: null },
  });
});

test("a cluster may be called as what every object has", () => {
  const traffic = { requests: 5, errors: 1, times: new Map([[1, 5]]) };
  const clusters = sumByCluster([{ alpha: traffic }, { constructor: traffic }]);
  expect(clusters).toEqual({ alpha: traffic, constructor: traffic });
  expect(trafficOf({ alpha: traffic }, "constructor").requests).toBe(0);
});

describe("times", () => {
  const times = new Map([
    [0.01, 90],
    [0.02, 9],
    [Infinity, 1],
  ]);

  test("beyond the last bound that bound is all that is known", () => {
    expect(quantile(times, 1)).toBe(0.02);
    expect(quantile(times, 0.5)).toBeCloseTo(0.00556, 4);
    expect(quantile(new Map(), 0.5)).toBeNull();
  });

  test.each([
    [0, 100],
    [0.005, 55],
    [0.01, 10],
    [0.015, 5.5],
    [0.02, 1],
    [5, 1],
  ])("slower than %d s were %d", (limit, count) => {
    expect(slowerThan(times, limit)).toBeCloseTo(count, 9);
  });
});
