// Throughput, latency and CPU of the contenders: rounds in which each has its turn, so that a slow minute meets all of them.
import { cpuSeconds, pssMegabytes } from "./processes.mjs";
import { median } from "./report.mjs";
import { loadWithWrk } from "./wrk.mjs";

/** Connections of wrk as fast as they go: enough that a proxy never waits for work. */
const FULL_CONNECTIONS = 64;
/** Connections at equal load: each pauses some 50 ms between requests at 5,000 requests a second. */
const PACED_CONNECTIONS = 256;

/**
 * @returns by contender: medians of { rps, p50_us, p99_us, cpu_us, busy } as fast as it goes, and at equal load under
 *   `paced`; pss_mb after them
 */
export async function measureThroughput({ wrk, contenders, rounds, seconds, report }) {
  const full = await inRounds(contenders, rounds, "as fast as they go", report, (contender) =>
    once(contender, { wrk, seconds, connections: FULL_CONNECTIONS }),
  );
  // Half of what the slowest single hop makes: nobody is near the end of its strength.
  const slowest = Math.min(...contenders.filter(({ hops }) => hops === 1).map(({ name }) => full[name].rps));
  const rate = Math.max(100, Math.round(slowest / 2 / 100) * 100);
  const paced = await inRounds(contenders, rounds, `at ${rate} requests a second`, report, (contender) =>
    once(contender, { wrk, seconds, connections: PACED_CONNECTIONS, rate }),
  );
  const results = Object.fromEntries(
    contenders.map(({ name, pids }) => [
      name,
      { ...full[name], paced: paced[name], pss_mb: pssMegabytes(pids) },
    ]),
  );
  return { rate, results };
}

async function inRounds(contenders, rounds, how, report, measure) {
  const runs = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  // The first round opens connections and brings everything into memory, and does not count.
  for (let round = 0; round <= rounds; round++) {
    report(round === 0 ? `${how}: warming up …` : `${how}: round ${round} of ${rounds} …`);
    for (const contender of contenders) {
      const measured = await measure(contender);
      if (round > 0) runs[contender.name].push(measured);
    }
  }
  return Object.fromEntries(
    Object.entries(runs).map(([name, all]) => [
      name,
      Object.fromEntries(Object.keys(all[0]).map((key) => [key, median(all.map((run) => run[key]))])),
    ]),
  );
}

async function once({ url, names, pids }, options) {
  // Meanwhile proxies have closed what was idle: opening it again does not count.
  await loadWithWrk({ ...options, seconds: 1, url, names });
  const before = cpuSeconds(pids);
  const measured = await loadWithWrk({ ...options, url, names });
  const cpu = cpuSeconds(pids) - before;
  return {
    rps: measured.requests / measured.seconds,
    p50_us: measured.p50,
    p99_us: measured.p99,
    cpu_us: (cpu / measured.requests) * 1e6,
    /** Share of a core: near 1 the contender itself was the limit. */
    busy: cpu / measured.seconds,
  };
}
