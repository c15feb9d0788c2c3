import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { CountedNginx } from "../support/counted-nginx";
import { waitUntil } from "../support/process";
import type { Metrics } from "../support/prometheus-text";

let world: CountedNginx | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const TOTAL = "skyline_requests_total";
const MIB = 1 << 20;

async function send(to: CountedNginx, count: number): Promise<void> {
  const url = `http://127.0.0.1:${to.port}/service/foo/x`;
  await Promise.all(Array.from({ length: count }, async () => (await fetch(url)).text()));
}

const counted = (count: number) => (metrics: Metrics) =>
  expect(metrics.sum(TOTAL, { listener: "gateway" })).toBe(count);
const saved = (metrics: Metrics) => expect(metrics.sum("skyline_metrics_unsaved")).toBe(0);

test("a disk that the log filled while nobody counted is free again, and all is counted", async () => {
  world = await CountedNginx.start("filled", ["foo"], 24);
  const { countsFiles, freeBytes, accessLines } = bound(world);
  await world.startCounter();
  await send(world, 100);
  await world.metricsWith("all are counted", counted(100));
  await waitUntil("NGINX has written all", async () => expect(accessLines()).toHaveLength(100));
  await world.killCounter();
  const filled = world.fillDisk();
  expect(freeBytes()).toBe(0);

  await world.startCounter();
  await world.metricsWith("it is saved, and the log is let go", (metrics) => {
    counted(100 + filled)(metrics);
    saved(metrics);
    expect(countsFiles()).toEqual(["counts.log"]);
    expect(freeBytes()).toBeGreaterThan(16 * MIB);
  });
  await send(world, 50);
  await world.metricsWith("counting goes on", counted(150 + filled));
  await world.killCounter();
  await world.startCounter();
  await send(world, 1);
  await world.metricsWith("nothing is lost by a kill", counted(151 + filled));
}, 120_000);

test("what was counted is saved while others keep the disk full", async () => {
  world = await CountedNginx.start("others", ["foo"], 24);
  const { directory, freeBytes, state } = bound(world);
  await world.startCounter();
  await send(world, 20);
  await world.metricsWith("all are counted", counted(20));
  expect(() => writeFileSync(join(directory, "disk/others"), Buffer.alloc(24 * MIB))).toThrow("ENOSPC");
  expect(freeBytes()).toBe(0);
  const full = Date.now();

  const lastSave = () => Math.max(...state().map((file) => statSync(file).mtimeMs));
  await waitUntil("it is saved", async () => expect(lastSave()).toBeGreaterThan(full));
  await world.killCounter();
  await world.startCounter();
  await waitUntil("it is saved again", async () => expect(lastSave()).toBeGreaterThan(full + 3000));
  await world.metricsWith("all is there", (metrics) => {
    expect(metrics.sum("skyline_metrics_written_timestamp_seconds")).toBeGreaterThan(full / 1000 + 3);
    counted(20)(metrics);
    saved(metrics);
  });
}, 120_000);

test("a log that nobody counts is bounded by logrotate, and one that is counted is left alone", async () => {
  world = await CountedNginx.start("bounded", ["foo"]);
  const { log, directory, countsFiles } = bound(world);
  const conf = join(directory, "logrotate.conf");
  const text = dataPlaneFile("units/usr/local/lib/skyline/logrotate.conf");
  writeFileSync(
    conf,
    text.replaceAll("/var/log/skyline/mesh", log).replaceAll("/run/skyline/mesh", join(directory, "run")),
    { mode: 0o644 },
  );
  const rotate = () =>
    execFileSync("/usr/sbin/logrotate", ["--state", join(directory, "logrotate.state"), conf]);
  const counts = join(log, "counts.log");

  // More than ever waits while somebody counts.
  truncateSync(counts, 5 * 16 * MIB);
  rotate();
  expect(statSync(counts).size).toBe(5 * 16 * MIB);
  // Without blocks, so that the disk has nothing of it.
  truncateSync(counts, 1025 * MIB);
  rotate();
  await waitUntil("NGINX has a new one", async () => expect(statSync(counts).size).toBe(0));
  expect(countsFiles()).toEqual(["counts.log"]);
  await send(world, 10);
  await world.startCounter();
  await world.metricsWith("what came since is counted", counted(10));
}, 120_000);

test("a log that somebody deleted is not held open, though nothing can be saved", async () => {
  world = await CountedNginx.start("deleted", ["foo"]);
  const { log, state, master } = bound(world);
  await world.startCounter();
  await waitUntil("it has files to save to", async () => expect(state()).not.toEqual([]));
  await world.killCounter();
  for (const file of state()) {
    rmSync(file);
    mkdirSync(file);
  }
  await world.startCounter();
  await send(world, 10);
  await world.metricsWith("all are counted", (metrics) => {
    counted(10)(metrics);
    expect(metrics.sum("skyline_metrics_unsaved")).toBe(1);
  });
  unlinkSync(join(log, "counts.log"));
  process.kill(master, "SIGUSR1");
  await waitUntil("the counter has let go of it", async () =>
    expect(openFiles(world?.counterPid)).not.toContain("(deleted)"),
  );
  await send(world, 5);
  await world.metricsWith("the new one is counted", counted(15));
}, 120_000);

test("a save that was cut short is not taken, and the one before it is", async () => {
  world = await CountedNginx.start("cut-short", ["foo"]);
  const { state } = bound(world);
  const newest = () => {
    const number = (file: string) => Number(readFileSync(file, "latin1").split(" ")[1] ?? 0);
    return state().reduce((one, other) => (number(one) > number(other) ? one : other));
  };
  await world.startCounter();
  await send(world, 30);
  await world.metricsWith("all are counted", counted(30));
  await world.stopCounter();
  const file = newest();
  const text = readFileSync(file, "latin1");
  writeFileSync(file, text.replace('"tally"', '"tilly"'), "latin1");
  await world.startCounter();
  await send(world, 5);
  await world.metricsWith("all are counted", counted(35));
  expect(world.counterSaid()).not.toContain("counting starts at zero");
}, 60_000);

/** What of the world the tests look at. */
function bound(of: CountedNginx) {
  const { directory, log, master, countsFiles, accessLines } = of;
  const folder = join(directory, "state");
  const state = () =>
    readdirSync(folder)
      .filter((name) => /^metrics\..*json$/.test(name))
      .map((name) => join(folder, name));
  return { directory, log, master, countsFiles, accessLines, state, freeBytes: () => of.freeBytes() };
}

function openFiles(pid: number | undefined): string {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((descriptor) => {
      try {
        return readlinkSync(join(folder, descriptor));
      } catch {
        return "";
      }
    })
    .join("\n");
}
