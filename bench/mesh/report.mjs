// The measured numbers, for people.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest number that is at least as large as that share of all. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const round = (number) => Number(number.toPrecision(3));

/** A table for each part that was measured. */
export function tables({ throughput, reload, change }) {
  const parts = [];
  if (throughput !== undefined) {
    const { rate, results } = throughput;
    const micro = (value) => String(Math.round(value));
    const equal = `at ${rate}/s`;
    parts.push(
      table(
        [
          "contender",
          "requests/s",
          "p50 µs",
          "p99 µs",
          "CPU µs",
          "of a core",
          `${equal}: p50 µs`,
          "p99 µs",
          "CPU µs",
          "PSS MB",
        ],
        Object.entries(results).map(([name, { rps, p50_us, p99_us, cpu_us, busy, paced, pss_mb }]) => [
          name,
          ...[rps, p50_us, p99_us].map(micro),
          cpu_us.toFixed(1),
          `${Math.round(busy * 100)} %`,
          ...[paced.p50_us, paced.p99_us].map(micro),
          paced.cpu_us.toFixed(1),
          micro(pss_mb),
        ]),
      ),
    );
  }
  if (reload !== undefined) {
    parts.push(
      table(
        ["services", "skyline-apply s", "nginx -t s", "reload s", "PSS MB"],
        Object.entries(reload).map(([size, { apply_s, nginx_t_s, nginx_reload_s, pss_mb }]) => [
          size,
          ...[apply_s, nginx_t_s, nginx_reload_s].map((value) => value.toFixed(2)),
          pss_mb.toFixed(0),
        ]),
      ),
    );
  }
  if (change !== undefined) {
    const at = (share) => `${quantile(change.seconds, share).toFixed(2)} s`;
    parts.push(
      `from a change in Consul to the last request on the old way, ${change.seconds.length} changes: p50 ${at(0.5)}, ` +
        `p95 ${at(0.95)}, longest ${at(1)}; ${change.failed} of ${change.requests} requests failed`,
    );
  }
  return parts.join("\n\n");
}

function table(titles, rows) {
  const cells = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
    )
    .join("\n");
}

/** What the mesh is to reach, as sentences with the numbers in them. */
export function reach(numbers) {
  const targets = [
    ["vs_nginx", (value) => value >= 0.95, "at least 0.95 of plain NGINX's throughput"],
    ["vs_envoy", (value) => value >= 2.5, "at least 2.5 times Envoy's throughput"],
    ["p99_vs_envoy", (value) => value < 1, "p99 at equal load below Envoy's"],
    ["change_p95_s", (value) => value < 2, "a change takes effect in under 2 s (p95)"],
    ["change_failed", (value) => value === 0, "no request fails meanwhile"],
    ["reload_10k_s", (value) => value < 1, "10,000 services reload in under 1 s"],
  ];
  return targets
    .filter(([key]) => numbers[key] !== undefined)
    .map(
      ([key, reached, text]) =>
        `${reached(numbers[key]) ? "reached    " : "not reached"}  ${text}: ${numbers[key]}`,
    )
    .join("\n");
}
