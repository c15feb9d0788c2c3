// Measures how soon a change of the dial is in effect on all gateways, and how exact the shares are. See ../README.md.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ExpectedError, UsageError } from "../errors.mjs";
import { quantile, round } from "../mesh/report.mjs";

const usage = `usage: npm run bench -- dial [--changes N] [--requests N]

--changes N    changes of the dial in quiet, and as many in a storm, 30 if left out: each takes some 3 seconds
--requests N   requests for each of six weights, 50000 if left out`;

const SERVICE = "media";
const GATEWAYS = 3;

export async function run(args) {
  const { changes, requests } = parse(args);
  if (!existsSync(new URL("../../dist/operations/mesh/world.js", import.meta.url))) {
    throw new ExpectedError("bench: dist/ has no build of Skyline; run npm run build");
  }
  // Only now: they load the build.
  const { findBinaries, MeshWorld } = await import("../mesh/product.mjs");
  const { measureEffect, startStorm } = await import("./effect.mjs");
  const { measureShares } = await import("./share.mjs");
  const folder = mkdtempSync(join(tmpdir(), "skyline-bench-"));
  const report = (text) => console.error(`bench: ${text}`);
  const before = loadavg()[0];
  const mesh = await MeshWorld.start({
    ...{ clusters: { alpha: 1, bravo: 3 }, mesosNodes: 1, gateways: GATEWAYS },
    directory: join(folder, "world"),
    binaries: await findBinaries(),
    report,
  });
  try {
    const start = (cluster) => mesh.startService({ name: SERVICE, on: { cluster } });
    const instances = { alpha: await start("alpha"), bravo: await start("bravo") };
    await mesh.settled(60_000);
    const shares = await measureShares({ mesh, service: SERVICE, instances, requests, report });
    const quiet = await measureEffect({ mesh, changes, what: "in quiet", report });
    const end = startStorm(mesh);
    const storm = await measureEffect({ mesh, changes, what: "in a storm", report }).finally(end);
    print({ shares, quiet, storm }, { changes, requests, load_before: round(before) });
  } finally {
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        changes: { type: "string", default: "30" },
        requests: { type: "string", default: "50000" },
      },
    });
    const number = (name) => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`--${name} wants a whole number from 1, not ${values[name]}`);
      }
      return value;
    };
    return { changes: number("changes"), requests: number("requests") };
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`);
  }
}

const points = (share) => Number(share.toFixed(3));

function print({ shares, quiet, storm }, circumstances) {
  const errors = Object.entries(shares).map(([weight, share]) => Math.abs(share - Number(weight)));
  console.log(
    JSON.stringify({
      effect_p50_s: round(quantile(quiet, 0.5)),
      effect_p95_s: round(quantile(quiet, 0.95)),
      storm_p95_s: round(quantile(storm, 0.95)),
      max_error_pp: points(Math.max(...errors)),
      shares: Object.fromEntries(Object.entries(shares).map(([weight, share]) => [weight, points(share)])),
      effects_s: { quiet: quiet.map(round), storm: storm.map(round) },
      gateways: GATEWAYS,
      ...circumstances,
      processors: availableParallelism(),
    }),
  );
}
