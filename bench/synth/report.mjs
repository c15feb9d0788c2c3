// The measured numbers, for people and as JSON.

/** Numbers of all repetitions of a subject: the smallest and the middle one of each kind. */
export function summarize(runs) {
  const of = (key) => {
    const sorted = runs.map((run) => run[key]).sort((a, b) => a - b);
    return { min: sorted[0], median: median(sorted) };
  };
  return {
    wall: of("wall"),
    load: of("load"),
    construct: of("construct"),
    synth: of("synth"),
    cpu: of("cpu"),
    megabytes: of("megabytes"),
    modules: runs[0].modules,
    resources: runs[0].resources,
  };
}

function median(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const COLUMNS = [
  ["subject", (row) => row.subject],
  ["clusters", (row) => String(row.clusters)],
  ["process s", (row) => pair(row.wall, 2)],
  ["load s", (row) => pair(row.load, 2)],
  ["construct s", (row) => pair(row.construct, 2)],
  ["synth s", (row) => pair(row.synth, 2)],
  ["CPU s", (row) => pair(row.cpu, 2)],
  ["peak MB", (row) => pair(row.megabytes, 0)],
  ["modules", (row) => String(row.modules)],
  ["resources", (row) => String(row.resources)],
];

const pair = ({ min, median }, digits) => `${median.toFixed(digits)} (${min.toFixed(digits)})`;

/** Medians, with the smallest in brackets. */
export function table(rows) {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
    )
    .join("\n");
}

/** What Skyline is to reach, as sentences with the numbers in them. */
export function reach(numbers) {
  const line = (reached, text) => `${reached ? "reached    " : "not reached"}  ${text}`;
  return [
    line(numbers.ten_s < 1, `10 clusters in under 1 s: ${numbers.ten_s} s`),
    line(numbers.ten_mb < 150, `10 clusters in under 150 MB: ${numbers.ten_mb} MB`),
    line(
      numbers.fifty_over_ten <= 6,
      `50 clusters in at most 6 times 10 clusters: ${numbers.fifty_over_ten}`,
    ),
    line(numbers.vs_aws_eks_v2 >= 4, `at least 4 times faster than aws-eks-v2: ${numbers.vs_aws_eks_v2}`),
    line(
      numbers.vs_eks_blueprints >= 5,
      `at least 5 times faster than eks-blueprints: ${numbers.vs_eks_blueprints}`,
    ),
  ].join("\n");
}

export const round = (number) => Number(number.toPrecision(3));
