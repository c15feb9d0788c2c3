// Measures the mesh's local hop beside other proxies, its reloads, and how soon a change in Consul takes effect. See
// ../README.md.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ExpectedError, UsageError } from "../errors.mjs";
import { quantile, reach, round, tables } from "./report.mjs";

const usage = `usage: npm run bench -- mesh [--part NAME]... [--rounds N] [--seconds N] [--changes N]

--part NAME   throughput, reload or change; all of them if left out
--rounds N    how often each contender has its turn, 7 if left out
--seconds N   how long a turn is, 3 if left out
--changes N   how many changes in Consul, 20 if left out: each takes some 12 seconds`;

const PARTS = ["throughput", "reload", "change"];
/** Services of each contender, and in Consul. */
const SERVICES = 1000;

export async function run(args) {
  const options = parse(args);
  if (!existsSync(new URL("../../dist/operations/mesh/world.js", import.meta.url))) {
    throw new ExpectedError("bench: dist/ has no build of Skyline; run npm run build");
  }
  // Only now: they load the build.
  const { findPrograms } = await import("./programs.mjs");
  const { paths, versions } = await findPrograms();
  const folder = mkdtempSync(join(tmpdir(), "skyline-bench-"));
  const report = (text) => console.error(`bench: ${text}`);
  const before = loadavg()[0];
  try {
    const measured = {};
    for (const part of options.parts) {
      measured[part] = await measure[part]({ paths, folder, report, ...options });
    }
    print(measured, { ...options, versions, load_before: round(before) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const measure = {
  throughput: async ({ paths, folder, report, rounds, seconds }) => {
    const { startContenders } = await import("./contenders/index.mjs");
    const { measureThroughput } = await import("./throughput.mjs");
    report("starting the contenders …");
    const { contenders, stop } = await startContenders({ paths, folder, services: SERVICES });
    try {
      return await measureThroughput({ wrk: paths.wrk, contenders, rounds, seconds, report });
    } finally {
      await stop();
    }
  },
  reload: async (options) => (await import("./reload.mjs")).measureReloads(options),
  change: async (options) =>
    (await import("./change.mjs")).measureChanges({ ...options, services: SERVICES }),
};

function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        part: { type: "string", multiple: true, default: PARTS },
        rounds: { type: "string", default: "7" },
        seconds: { type: "string", default: "3" },
        changes: { type: "string", default: "20" },
      },
    });
    const unknown = values.part.find((part) => !PARTS.includes(part));
    if (unknown !== undefined) {
      throw new Error(`--part ${unknown}: no such part; there is ${PARTS.join(", ")}`);
    }
    const number = (name) => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`--${name} wants a whole number from 1, not ${values[name]}`);
      }
      return value;
    };
    const parts = PARTS.filter((part) => values.part.includes(part));
    return { parts, rounds: number("rounds"), seconds: number("seconds"), changes: number("changes") };
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`);
  }
}

function print(measured, circumstances) {
  const numbers = {
    ...inNumbers(measured),
    ...circumstances,
    node: process.version,
    cpus: availableParallelism(),
  };
  const { nginx, envoy, haproxy, wrk } = circumstances.versions;
  console.log(
    `medians of ${circumstances.rounds} rounds of ${circumstances.seconds} s; ${numbers.cpus} CPUs; ` +
      `NGINX ${nginx}, Envoy ${envoy}, HAProxy ${haproxy}, wrk ${wrk}\n`,
  );
  console.log(`${tables(measured)}\n`);
  console.log(`${reach(numbers)}\n`);
  // Who has a core to itself takes as long by the clock as it works.
  const idle = Object.entries(measured.throughput?.results ?? {}).filter(
    ([name, { busy }]) => name !== "direct" && busy < 0.85,
  );
  if (idle.length > 0) {
    const names = idle.map(([name, { busy }]) => `${name} had ${Math.round(busy * 100)} %`).join(", ");
    console.log(`The machine was busy with something else (of a core, ${names}); measure again.\n`);
  }
  console.log(JSON.stringify(numbers));
}

function inNumbers({ throughput, reload, change }) {
  const numbers = {};
  if (throughput !== undefined) {
    const { results, rate } = throughput;
    const hop = results["skyline-hop"];
    const against = (name) => round(hop.rps / results[name].rps);
    Object.assign(numbers, {
      vs_nginx: against("nginx"),
      vs_nginx_shared: against("nginx-shared"),
      vs_envoy: against("envoy"),
      vs_envoy_bare: against("envoy-bare"),
      vs_haproxy: against("haproxy"),
      p99_vs_envoy: round(hop.paced.p99_us / results.envoy.paced.p99_us),
      p99_vs_envoy_bare: round(hop.paced.p99_us / results["envoy-bare"].paced.p99_us),
      p99_vs_nginx: round(hop.paced.p99_us / results.nginx.paced.p99_us),
      p99_vs_haproxy: round(hop.paced.p99_us / results.haproxy.paced.p99_us),
      cpu_vs_nginx: round(hop.cpu_us / results.nginx.cpu_us),
      cpu_vs_envoy: round(hop.cpu_us / results.envoy.cpu_us),
      equal_load_rps: rate,
      contenders: rounded(results),
    });
  }
  if (change !== undefined) {
    Object.assign(numbers, {
      change_p50_s: round(quantile(change.seconds, 0.5)),
      change_p95_s: round(quantile(change.seconds, 0.95)),
      change_failed: change.failed,
      change_requests: change.requests,
      changes_s: rounded(change.seconds),
    });
  }
  if (reload !== undefined) {
    Object.assign(numbers, {
      reload_1k_s: round(reload[1000].nginx_reload_s),
      reload_10k_s: round(reload[10000].nginx_reload_s),
      apply_1k_s: round(reload[1000].apply_s),
      apply_10k_s: round(reload[10000].apply_s),
      reloads: rounded(reload),
    });
  }
  return numbers;
}

const rounded = (value) =>
  JSON.parse(JSON.stringify(value), (_, each) => (typeof each === "number" ? round(each) : each));
