import type { AuditRecord } from "../../operations/dial/audit";
import type { RampRecord } from "../../operations/dial/ramp/record";
import type { ClusterTraffic, DialSnapshot, GatewayView } from "../../operations/dial/status";

const MINUTE = 60_000;

/** A dial where all is well: a quarter of the traffic to bravo since ten minutes, and three gateways that follow. */
export function dialSnapshot(change: Partial<DialSnapshot> = {}, now = Date.now()): DialSnapshot {
  const at = (ago: number) => new Date(now - ago).toISOString();
  const weights = { alpha: 75, bravo: 25 };
  const desired = { generation: 7, weights, by: "anna@laptop", why: "more for bravo", at: at(10 * MINUTE) };
  return {
    environment: "development",
    at: at(0),
    desired,
    problem: null,
    gateways: [1, 2, 3].map((number) => gatewayView(number)),
    live: {
      seconds: 10,
      clusters: { alpha: traffic(7500, 0.75), bravo: traffic(2500, 0.25) },
      unread: [],
    },
    lock: null,
    ramp: null,
    clusters: [
      { name: "alpha", kind: "self-managed", role: "active", workers: 6 },
      { name: "bravo", kind: "eks", role: "passive", workers: 4 },
    ],
    log: [
      auditRecord({ ...desired, from: { generation: 6, weights: { alpha: 95, bravo: 5 } } }),
      auditRecord({
        ...{ generation: 6, weights: { alpha: 95, bravo: 5 }, why: "first traffic", at: at(25 * MINUTE) },
        from: { generation: 5, weights: { alpha: 100 } },
      }),
    ],
    ...change,
  };
}

export const gatewayView = (number: number, change: Partial<GatewayView> = {}): GatewayView => ({
  name: `gateway-${number}`,
  address: `10.10.0.${10 + number}`,
  generation: 7,
  weights: { alpha: 75, bravo: 25 },
  follows: true,
  problem: null,
  ...change,
});

/** What a cluster answered. @param share 0 to 1 @param errorRate 0 to 1 */
export const traffic = (requests: number, share: number, errorRate = 0): ClusterTraffic => ({
  ...{ requests, share, errors: Math.round(requests * errorRate), errorRate, p50: 0.012, p99: 0.084 },
});

export const auditRecord = (change: Partial<AuditRecord>): AuditRecord => ({
  ...{
    generation: 1,
    weights: { alpha: 100 },
    by: "anna@laptop",
    why: "a test",
    at: "2026-01-01T00:00:00.000Z",
  },
  ...{ action: "set", from: null, run: null, override: null },
  ...change,
});

/** A ramp to bravo that holds its third step of five. */
export const rampRecord = (change: Partial<RampRecord> = {}, now = Date.now()): RampRecord => ({
  run: "run-1",
  to: "bravo",
  steps: [1, 5, 25, 50, 100],
  followSeconds: 60,
  holdSeconds: 300,
  timeoutSeconds: 3600,
  gate: { maxErrorIncrease: 1, maxP99Ratio: 1.5, minRequests: 200 },
  before: { generation: 4, weights: { alpha: 100 } },
  generation: 7,
  at: 2,
  phase: "holding",
  reason: "inconclusive so far: 120 of 200 requests",
  reference: null,
  by: "anna@laptop",
  why: "promotion of bravo",
  override: null,
  startedAt: new Date(now - 15 * MINUTE).toISOString(),
  updatedAt: new Date(now - 2 * MINUTE).toISOString(),
  ...change,
});
