import { Measurement, referenceOf } from "../../../../operations/dial/ramp/measurement";
import type { Traffic } from "../../../../operations/dial/traffic";

const traffic = (requests: number, errors = 0, bound = 0.01): Traffic => ({
  ...{ requests, errors },
  times: new Map([[bound, requests]]),
});

const measured = (
  seconds: number,
  clusters: Readonly<Record<string, Traffic>>,
  unread: readonly string[] = [],
) => ({
  ...{ seconds, clusters, unread },
});

const OPTIONS = { target: "bravo", sources: ["alpha", "charlie"], reference: null, minRequests: 200 };
const BEFORE = { requests: 9000, errors: 9, p99: 0.02 };

test("the source is all clusters that give", () => {
  const measurement = new Measurement(OPTIONS);
  measurement.add(
    measured(1, { alpha: traffic(900, 1), bravo: traffic(50, 2), charlie: traffic(100), delta: traffic(7) }),
  );
  measurement.add(measured(1, { alpha: traffic(900), bravo: traffic(50) }));
  const { target, source } = measurement.evidence;
  expect(target).toMatchObject({ requests: 100, errors: 2 });
  expect(source).toMatchObject({ requests: 1900, errors: 1 });
});

test("a window is 5 s, and as many requests of the target as a comparison wants; two are kept", () => {
  const measurement = new Measurement(OPTIONS);
  const second = (target: number) =>
    measurement.add(measured(1, { alpha: traffic(1000), bravo: traffic(target) }));
  for (let at = 0; at < 4; at++) second(100);
  expect(measurement.evidence.windows).toHaveLength(0);
  second(100);
  expect(measurement.evidence.windows.map(({ target }) => target.requests)).toEqual([500]);
  for (let at = 0; at < 19; at++) second(10);
  expect(measurement.evidence.windows).toHaveLength(1);
  second(10);
  for (let at = 0; at < 5; at++) second(41);
  expect(measurement.evidence.windows.map(({ target }) => target.requests)).toEqual([200, 205]);
});

test.each([
  ["a source with enough requests", { alpha: traffic(300), charlie: traffic(1) }, BEFORE, 301],
  ["too few now: what it had before", { alpha: traffic(150) }, BEFORE, 9000],
  ["too few now, and nothing before", { alpha: traffic(150) }, null, 150],
])("compares with %s", (_, clusters, reference, requests) => {
  const measurement = new Measurement({ ...OPTIONS, reference });
  measurement.add(measured(1, clusters));
  expect(measurement.evidence.source?.requests).toBe(requests);
});

test("a source at zero has nothing to compare with but what it had before", () => {
  const at = (reference: typeof BEFORE | null) => {
    const measurement = new Measurement({ ...OPTIONS, sources: [], reference });
    // Requests that were under way when the step came.
    measurement.add(measured(1, { alpha: traffic(300, 300, 10), bravo: traffic(1000) }));
    return measurement;
  };
  expect(at(BEFORE).evidence.source).toEqual(BEFORE);
  expect(at(null).evidence.source).toBeNull();
  expect(at(BEFORE).reference).toEqual(BEFORE);
});

test("a later step may compare with a step whose source had enough", () => {
  const measurement = new Measurement({ ...OPTIONS, reference: BEFORE });
  measurement.add(measured(1, { alpha: traffic(100) }));
  expect(measurement.reference).toEqual(BEFORE);
  measurement.add(measured(1, { alpha: traffic(100, 4) }));
  expect(measurement.reference).toEqual(referenceOf({ ...traffic(200, 4) }));
});

test("gateways count as unread as long as the last reading lacks them", () => {
  const measurement = new Measurement(OPTIONS);
  measurement.add(measured(1, {}, ["gateway-2 cannot be read"]));
  expect(measurement.evidence.unread).toEqual(["gateway-2 cannot be read"]);
  measurement.add(measured(1, {}));
  expect(measurement.evidence.unread).toEqual([]);
});
