import { OperationFailure } from "../../../../../operations/failure";
import { Feed, type PageState } from "../../../../../operations/dial/page/feed";
import { History } from "../../../../../operations/dial/page/history";
import { dialSnapshot } from "../../../../support/dial-snapshot";
import { waitUntil } from "../../../../support/process";

const NOW = Date.parse("2026-11-22T03:12:00.000Z");

test("the history keeps its span, and figures that nobody knows are null", () => {
  const history = new History(10_000);
  for (let seconds = 0; seconds <= 30; seconds++) history.add(dialSnapshot({}, NOW + seconds * 1000));
  expect(history.points.map(({ at }) => (at - NOW) / 1000)).toEqual([
    20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
  ]);
  const { clusters } = history.add(dialSnapshot({ live: null, desired: null }, NOW + 31_000));
  expect(clusters.alpha).toEqual({ weight: null, share: null, errorRate: null, p99: null });
});

test("a cluster may be called as something that every object has", () => {
  const constructor = { name: "constructor", kind: "eks", role: "passive", workers: 1 } as const;
  const point = new History(1000).add(dialSnapshot({ clusters: [constructor] }));
  expect(point.clusters.constructor).toEqual({ weight: 0, share: null, errorRate: null, p99: null });
});

test("a look that fails keeps the last picture, says since when, and is over with the next that sees", async () => {
  let works = true;
  const feed = new Feed(
    () =>
      works
        ? Promise.resolve(dialSnapshot())
        : Promise.reject(new OperationFailure("unreachable", "no Consul", "set CONSUL_HTTP_ADDR")),
    1,
  );
  const told: PageState[] = [];
  feed.listen((state) => told.push(state));
  const last = (what: string, holds: (state: PageState) => boolean) =>
    waitUntil(what, async () => {
      const state = told.at(-1);
      if (state === undefined || !holds(state)) throw new Error("not yet");
      return state;
    });
  feed.start();
  await last("it sees", ({ failure }) => failure === null);
  works = false;
  const first = await last("it is blind", ({ failure }) => failure !== null);
  expect(first).toMatchObject({
    failure: { message: "no Consul", hint: "set CONSUL_HTTP_ADDR" },
    verdict: { level: "wrong" },
    snapshot: { environment: "development" },
    point: null,
  });
  const count = told.length;
  const later = await last("it looks again", () => told.length > count);
  expect(later.failure?.since).toBe(first.failure?.since);
  works = true;
  await last("it sees again", ({ failure }) => failure === null);
  await feed.stop();
  const ended = told.length;
  // Whoever comes late is told at once, and gets no point twice.
  feed.listen((state) => told.push(state));
  expect(told.slice(ended)).toMatchObject([{ failure: null, point: null }]);
});
