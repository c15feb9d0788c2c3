import type { Consul } from "../../../../operations/consul/client";
import { OperationFailure } from "../../../../operations/failure";
import * as gateways from "../../../../operations/dial/gateways";
import { Meter } from "../../../../operations/dial/meter";

jest.mock("../../../../operations/dial/gateways", () => ({
  ...jest.requireActual<typeof gateways>("../../../../operations/dial/gateways"),
  metricsOf: jest.fn(),
}));
const metricsOf = jest.mocked(gateways.metricsOf);

/** Gateways as Consul has them, each with whether its checks pass. */
let known: Readonly<Record<string, boolean>> | undefined;
/** What each has counted of alpha, and when it wrote that; undefined does not answer. */
let counts: Record<string, { value: number; written: number } | undefined>;
let now: number;

const consul = {
  get: () => {
    if (known === undefined) return Promise.reject(new OperationFailure("unreachable", "no leader"));
    const entries = Object.entries(known).map(([name, healthy]) => ({
      Node: { Node: name, Address: "127.0.0.1" },
      Service: { ID: "skyline-gateway", Address: "" },
      Checks: [{ Status: "passing" }, { Status: healthy ? "passing" : "critical" }],
    }));
    return Promise.resolve(entries);
  },
} as unknown as Consul;

beforeEach(() => {
  known = { "gateway-1": true, "gateway-2": true };
  counts = { "gateway-1": { value: 1000, written: 1 }, "gateway-2": { value: 500, written: 1 } };
  now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now);
  metricsOf.mockImplementation(({ name }) => {
    const count = counts[name];
    if (count === undefined) return Promise.reject(new Error("connect ECONNREFUSED"));
    const labels = 'listener="gateway",service="giphy",route="kubernetes",cluster="alpha",code="200"';
    return Promise.resolve(
      `skyline_requests_total{${labels}} ${count.value}\nskyline_metrics_written_timestamp_seconds ${count.written}\n`,
    );
  });
});
afterEach(() => jest.restoreAllMocks());

/** A second later these gateways have counted so much more. */
function later(more: Readonly<Record<string, number>>, seconds = 1): void {
  now += seconds * 1000;
  for (const [name, value] of Object.entries(more)) {
    const before = counts[name] ?? { value: 0, written: 0 };
    counts[name] = { value: before.value + value, written: now };
  }
}

async function read(meter: Meter) {
  const { clusters, unread, seconds } = await meter.read();
  return { requests: clusters.alpha?.requests ?? 0, unread, seconds };
}

test("sums what gateways have counted since the reading before", async () => {
  const meter = new Meter(consul);
  expect(await read(meter)).toEqual({ requests: 0, unread: [], seconds: 0 });
  later({ "gateway-1": 10, "gateway-2": 5 });
  expect(await read(meter)).toEqual({ requests: 15, unread: [], seconds: 1 });
});

test("a gateway that misses a reading is unread after 5 s, and makes up for it", async () => {
  const meter = new Meter(consul);
  await read(meter);
  const { value } = counts["gateway-2"]!;
  counts["gateway-2"] = undefined;
  later({ "gateway-1": 10 });
  expect(await read(meter)).toMatchObject({ requests: 10, unread: [] });
  later({ "gateway-1": 10 }, 5);
  expect(await read(meter)).toMatchObject({ unread: ["gateway-2 cannot be read: connect ECONNREFUSED"] });
  counts["gateway-2"] = { value: value + 70, written: 99 };
  later({ "gateway-1": 10 });
  expect(await read(meter)).toMatchObject({ requests: 80, unread: [] });
});

test("one that answers and counts no more is unread as well", async () => {
  const meter = new Meter(consul);
  await read(meter);
  later({ "gateway-1": 10 }, 6);
  expect(await read(meter)).toMatchObject({ unread: ["gateway-2 has counted nothing for 6 s"] });
});

test("one that was never read is unread at once", async () => {
  const meter = new Meter(consul);
  counts["gateway-2"] = undefined;
  expect(await read(meter)).toMatchObject({ unread: [expect.stringMatching(/^gateway-2 cannot be read/)] });
});

test("one that is dead serves nobody, and is not missed", async () => {
  const meter = new Meter(consul);
  await read(meter);
  known = { "gateway-1": true, "gateway-2": false };
  counts["gateway-2"] = undefined;
  later({ "gateway-1": 10 }, 30);
  expect(await read(meter)).toMatchObject({ requests: 10, unread: [] });
});

test("one that comes begins with what it has", async () => {
  const meter = new Meter(consul);
  await read(meter);
  known = { ...known, "gateway-3": true };
  later({ "gateway-1": 10, "gateway-2": 10, "gateway-3": 4000 });
  expect(await read(meter)).toMatchObject({ requests: 20, unread: [] });
  later({ "gateway-1": 10, "gateway-2": 10, "gateway-3": 10 });
  expect(await read(meter)).toMatchObject({ requests: 30 });
});

test("one that counts anew is left out for that time", async () => {
  const meter = new Meter(consul);
  await read(meter);
  later({ "gateway-1": 10 });
  counts["gateway-2"] = { value: 3, written: now };
  expect(await read(meter)).toMatchObject({ requests: 10, unread: [] });
  later({ "gateway-1": 10, "gateway-2": 10 });
  expect(await read(meter)).toMatchObject({ requests: 20 });
});

test("without Consul the gateways that were there are read on; without any there is nothing", async () => {
  const meter = new Meter(consul);
  await read(meter);
  known = undefined;
  later({ "gateway-1": 10, "gateway-2": 5 });
  expect(await read(meter)).toMatchObject({ requests: 15 });
  await expect(new Meter(consul).read()).rejects.toThrow("no leader");
  known = {};
  expect(await read(meter)).toMatchObject({ unread: ["no gateway is registered in Consul"] });
});
