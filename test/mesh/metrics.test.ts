import { mkdirSync, readFileSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "node:http";
import { CountedNginx } from "../support/counted-nginx";
import { childrenOf } from "../support/mesh-processes";
import { waitUntil } from "../support/process";
import { type Metrics, parseMetrics } from "../support/prometheus-text";

let world: CountedNginx;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

beforeEach(async () => {
  const name = expect.getState().currentTestName ?? "";
  world = await CountedNginx.start(name.replace(/\W+/g, "-").slice(-30), ["foo"]);
}, 60_000);
afterEach(() => world.stop());
afterAll(() => agent.destroy());

const TOTAL = "skyline_requests_total";

/** Sends it; resolves when it was answered, or cut. */
function send(path: string, headers: Record<string, string> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: world.port, path, agent, headers }, (response) => {
      response
        .on("error", () => resolve())
        .on("end", resolve)
        .resume();
    });
    call.on("error", reject).end();
  });
}

/** Goes when the response has begun. */
const abandon = (path: string) =>
  new Promise<void>((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: world.port, path, agent: false }, (response) => {
      response.on("error", () => undefined).once("data", () => (call.destroy(), resolve()));
    });
    call.on("error", reject).end();
  });

const sendAll = (paths: readonly string[]) => Promise.all(paths.map((path) => send(path)));
const times = (count: number, path: string) => Array.from({ length: count }, () => path);
const counted = (count: number) => (metrics: Metrics) =>
  expect(metrics.sum(TOTAL, { listener: "gateway" })).toBe(count);

test("requests are counted by service, route, cluster and code, and timed", async () => {
  await world.startCounter();
  await sendAll([
    ...times(120, "/service/foo/x"),
    ...times(30, "/service/foo/status/503"),
    ...times(20, "/service/foo/slow/?ms=120"),
    ...times(7, "/nothing"),
  ]);
  const metrics = await world.metricsWith("all are counted", counted(177));

  const foo = { service: "foo", route: "kubernetes", cluster: "alpha" };
  expect(metrics.sum(TOTAL, { ...foo, code: "200" })).toBe(140);
  expect(metrics.sum(TOTAL, { ...foo, code: "503" })).toBe(30);
  expect(metrics.sum(TOTAL, { service: "(unrouted)", route: "(none)", cluster: "(none)", code: "404" })).toBe(
    7,
  );
  expect(metrics.sum("skyline_request_seconds_count", { service: "foo", cluster: "alpha" })).toBe(170);
  expect(metrics.sum("skyline_request_seconds_sum", { service: "foo" })).toBeGreaterThan(2.4);
  // What the dial asks: 150 of 170 are quick.
  const p99 = metrics.quantile(0.99, "skyline_cluster_request_seconds", { cluster: "alpha" });
  expect(p99).toBeGreaterThan(0.09);
  // Seconds, and no milliseconds; a busy machine may take some.
  expect(p99).toBeLessThan(60);
  expect(metrics.sum("skyline_nginx_workers", { state: "accepting" })).toBe(2);
  expect(metrics.sum("skyline_connections", { listener: "gateway" })).toBeGreaterThan(0);
}, 60_000);

test("not one request is lost or counted twice over reloads, renamed logs, kills of the counter and a new NGINX", async () => {
  await world.startCounter();
  let sent = 0;
  let grown = 0;
  let going = true;
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, caller) => {
      while (going) {
        await send(`/service/foo/${"x".repeat(100 + caller)}`);
        sent += 1;
      }
    }),
  );
  for (let round = 0; round < 4; round++) {
    await world.metricsWith("counting goes on", (metrics) => {
      expect(metrics.sum(TOTAL)).toBeGreaterThan(round * 300);
    });
    await world.reload();
    // As logrotate does it to the other log: NGINX opens all of them anew.
    process.kill(world.master, "SIGUSR1");
    await world.killCounter();
    if (round > 0) grown += world.growLog(9 << 20);
    await world.startCounter();
  }
  const renamed = new Set<string>();
  await world.metricsWith("the log is renamed and read to its end", (metrics) => {
    for (const name of world.countsFiles()) renamed.add(name);
    expect(metrics.sum(TOTAL)).toBeGreaterThan(grown);
    expect([...renamed].sort()).toContain("counts.1.log");
    expect(world.countsFiles()).toEqual(["counts.log"]);
  });
  going = false;
  await load;
  await world.stopNginx();
  await world.startNginx();
  await sendAll(times(50, "/service/foo/x"));
  const metrics = await world.metricsWith("all are counted", counted(sent + 50 + grown));

  expect(metrics.sum("skyline_metrics_refused_lines_total")).toBe(0);
  expect(metrics.sum("skyline_metrics_backlog_bytes")).toBe(0);
  expect(metrics.sum("skyline_request_seconds_count")).toBe(sent + 50 + grown);
}, 120_000);

test("a renamed log is kept until the last worker has written what it holds", async () => {
  await world.startCounter();
  const workers = childrenOf(world.master);
  const written = () => {
    const text = readFileSync(join(world.directory, "run/metrics.prom"), "utf8");
    return parseMetrics(text).sum("skyline_metrics_written_timestamp_seconds");
  };
  await send("/service/foo/x");
  await world.metricsWith("it is counted", counted(1));
  await sendAll(times(50, "/service/foo/x"));
  // Their lines are in the workers' buffers.
  for (const worker of workers) process.kill(worker, "SIGSTOP");
  const grown = world.growLog(17 << 20);
  await waitUntil("the log is renamed", async () => expect(world.countsFiles()).toContain("counts.1.log"));
  const renamed = Date.now() / 1000;
  await waitUntil("more was counted and saved", async () => expect(written()).toBeGreaterThan(renamed + 7));
  expect(world.countsFiles()).toContain("counts.1.log");

  for (const worker of workers) process.kill(worker, "SIGCONT");
  await world.metricsWith("all are counted, and it goes", (metrics) => {
    counted(51 + grown)(metrics);
    expect(world.countsFiles()).toEqual(["counts.log"]);
  });
}, 120_000);

test("names that are no services get no series, whoever asks for them", async () => {
  await world.startCounter();
  const random = Array.from({ length: 1500 }, (_, index) => `/service/guess-${index}/status/503`);
  await sendAll([...random, "/service/Fo%22o/x", "/service/kubernetes/status/404", "/service/giphy/media"]);
  const metrics = await world.metricsWith("all are counted", counted(1503));

  expect(metrics.values(TOTAL, "service")).toEqual(["(unrouted)", "giphy"]);
  expect(metrics.sum(TOTAL, { service: "(unrouted)", cluster: "alpha", code: "503" })).toBe(1500);
  // They do not move what the dial compares clusters by.
  expect(metrics.sum("skyline_cluster_request_seconds_count", { cluster: "alpha" })).toBe(1);

  // Even if all of them answered: foo is in the catalogue, and comes in nevertheless while there is room.
  const answering = Array.from({ length: 2100 }, (_, index) => `/service/real-${index}/x`);
  await sendAll(answering);
  const capped = await world.metricsWith("all are counted", counted(3603));
  expect(capped.sum("skyline_metrics_services")).toBe(2000);
  expect(capped.sum(TOTAL, { service: "(other)" })).toBe(101);
}, 60_000);

test("retries and responses that nobody waited for are counted, and streams are not timed", async () => {
  await world.startCounter();
  await sendAll([
    ...times(3, "/service/foo-retried/x"),
    ...times(5, "/service/foo/events"),
    "/service/foo/x",
  ]);
  await Promise.all(times(4, "/service/foo/endless").map(abandon));
  const metrics = await world.metricsWith("all are counted", counted(13));

  expect(metrics.sum("skyline_retries_total", { service: "foo-retried" })).toBe(3);
  expect(metrics.sum("skyline_abandoned_responses_total", { service: "foo" })).toBe(4);
  expect(metrics.sum(TOTAL, { service: "foo" })).toBe(10);
  expect(metrics.sum("skyline_request_seconds_count", { service: "foo" })).toBe(5);
}, 60_000);

test("counts that cannot be saved are counted on, and again after a kill; a full log stops no request", async () => {
  const saves = [0, 1].map((of) => join(world.directory, `state/metrics.${of}.json`));
  saves.forEach((save) => mkdirSync(save));
  await world.startCounter();
  await sendAll(times(100, "/service/foo/x"));
  const full = await world.metricsWith("all are counted", counted(100));
  expect(full.sum("skyline_metrics_unsaved")).toBe(1);
  expect(world.counterSaid()).toContain("Is a directory");

  // Not saved, so read again: a log is not let go of before.
  const grown = world.growLog(17 << 20);
  await world.killCounter();
  await world.startCounter();
  await world.metricsWith("all are counted again", counted(100 + grown));
  expect(world.countsFiles()).toEqual(["counts.log"]);
  saves.forEach((save) => rmdirSync(save));
  await world.metricsWith("all is saved", (metrics) =>
    expect(metrics.sum("skyline_metrics_unsaved")).toBe(0),
  );

  await world.stopCounter();
  unlinkSync(join(world.log, "counts.log"));
  symlinkSync("/dev/full", join(world.log, "counts.log"));
  await world.reload();
  await world.startCounter();
  await sendAll(times(200, "/service/foo/x"));
  const still = await world.metricsWith("the counter lives", (metrics) => {
    expect(metrics.sum("skyline_metrics_written_timestamp_seconds")).toBeGreaterThan(Date.now() / 1000 - 3);
  });
  counted(100 + grown)(still);
}, 120_000);

test("metrics of the apply step are added, and nothing that is no metric", async () => {
  const lines = [
    "# HELP skyline_generation_info The live generation.",
    "# TYPE skyline_generation_info gauge",
    'skyline_generation_info{generation="0123456789ab"} 1',
    "# HELP skyline_reloads_total Reloads of NGINX.",
    "# TYPE skyline_reloads_total counter",
    "skyline_reloads_total 3",
    'skyline_reloads_total{reason="half',
    "<html>",
    "skyline_requests_total 9",
  ];
  writeFileSync(join(world.directory, "run/apply.prom"), lines.join("\n") + "\n");
  await world.startCounter();
  const metrics = await world.metricsWith("it is there", (found) =>
    expect(found.sum("skyline_reloads_total")).toBe(3),
  );

  expect(metrics.of("skyline_generation_info")[0]?.labels).toEqual({ generation: "0123456789ab" });
  expect(metrics.of(TOTAL)).toEqual([]);
  expect(metrics.sum("skyline_metrics_refused_samples")).toBe(3);
}, 60_000);

test("a state that cannot be read is a start at zero, and two counters are one", async () => {
  writeFileSync(join(world.directory, "state/metrics.0.json"), '{"format":1,"tally":{');
  await world.startCounter();
  await sendAll(times(5, "/service/foo/x"));
  await world.metricsWith("all are counted", counted(5));
  expect(world.counterSaid()).toContain("counting starts at zero");

  const second = await world.startAnotherCounter();
  expect(await second.ended).toBe("exited with 1");
  expect(world.counterSaid()).toContain("another one counts");
}, 60_000);
