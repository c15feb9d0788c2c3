import { byId, h, show } from "./dom.js";
import { latency, percent, points, time, UNKNOWN } from "./format.js";
import { colour, rowsOf } from "./view.js";

/**
 * @typedef {import("../history").HistoryPoint} HistoryPoint
 * @typedef {import("../history").Figures} Figures
 * @typedef {import("../../status").DialSnapshot} DialSnapshot
 * @typedef {{ left: number, right: number, top: number, bottom: number }} Box
 * @typedef {(figures: Figures) => number | null} Figure
 */

const LEAST_SPAN_MS = 2 * 60_000;
/** Points further apart than this have a hole between them: nobody looked. */
const HOLE_MS = 5000;
/** Pixels that a character of a bold label takes at most. */
const CHARACTER = 7.5;

/** @type {readonly { id: string, title: string, of: Figure, dashed?: Figure, least: number, most?: number, format: (value: number | null) => string, axis: (value: number) => string }[]} */
const CHARTS = [
  {
    ...{ id: "chart-share", title: "Share of requests", least: 1, most: 1, format: percent, axis: points },
    ...{ of: ({ share }) => share, dashed: ({ weight }) => (weight === null ? null : weight / 100) },
  },
  {
    ...{ id: "chart-errors", title: "Errors", least: 0.02, format: percent, axis: points },
    of: ({ errorRate }) => errorRate,
  },
  {
    ...{ id: "chart-latency", title: "Latency, p99", least: 0.01, format: latency, axis: latency },
    of: ({ p99 }) => p99,
  },
];

/**
 * @param {readonly HistoryPoint[]} history
 * @param {DialSnapshot | null} snapshot
 */
export function drawCharts(history, snapshot) {
  const last = history.at(-1);
  if (last === undefined || snapshot === null) return;
  const from = Math.min(history[0]?.at ?? last.at, last.at - LEAST_SPAN_MS);
  const names = rowsOf(snapshot).map(({ name }) => name);
  for (const { id, title, of, dashed, least, most, format, axis } of CHARTS) {
    const svg = /** @type {SVGSVGElement} */ (byId(id));
    const { width, height } = svg.getBoundingClientRect();
    const now = names.map((name) => `${name} ${format(figure(last, name, of))}`);
    const room = Math.max(...now.map((text) => text.length)) * CHARACTER + 10;
    const box = { left: 4, right: Math.max(60, width - room), top: 18, bottom: height - 20 };
    const series = names.map((name) => thin(history, name, of, from, last.at, box));
    const greatest = most ?? nice(Math.max(least, ...series.flat().map(({ value }) => value ?? 0)));
    const y = (/** @type {number} */ value) => box.bottom - (value / greatest) * (box.bottom - box.top);
    svg.setAttribute("aria-label", `${title}: ${now.join(", ")}`);
    show(
      svg,
      h("g", {}, ...axes(box, from, last.at, greatest, axis, y)),
      h("g", {}, ...changes(snapshot, box, from, last.at)),
      h(
        "g",
        {},
        ...names.flatMap((name) => {
          if (dashed === undefined) return [];
          const points = thin(history, name, dashed, from, last.at, box);
          return [h("path", { class: `weight stroke-${colour(snapshot, name)}`, d: line(points, y) })];
        }),
      ),
      h(
        "g",
        {},
        ...names.map((name, index) =>
          h("path", { class: `stroke-${colour(snapshot, name)}`, d: line(series[index] ?? [], y) }),
        ),
      ),
      h("g", {}, ...labels(snapshot, names, last, of, format, box, y)),
    );
  }
  showFigures(history, names);
}

/** @param {HistoryPoint} point @param {string} name @param {Figure} of */
function figure(point, name, of) {
  const figures = Object.hasOwn(point.clusters, name) ? point.clusters[name] : undefined;
  return figures === undefined ? null : of(figures);
}

/**
 * One point a pixel: the greatest of those that fall on it, so that a short spike is seen.
 * @param {readonly HistoryPoint[]} history @param {string} name @param {Figure} of
 * @param {number} from @param {number} to @param {Box} box
 */
function thin(history, name, of, from, to, box) {
  /** @type {{ x: number, at: number, value: number | null }[]} */
  const points = [];
  for (const point of history) {
    const x = Math.round(box.left + ((point.at - from) / (to - from)) * (box.right - box.left));
    const value = figure(point, name, of);
    const before = points.at(-1);
    if (before === undefined || before.x !== x) points.push({ x, at: point.at, value });
    else if (value !== null)
      Object.assign(before, { at: point.at, value: Math.max(before.value ?? 0, value) });
  }
  return points;
}

/** The path through points, broken where there are none. @param {ReturnType<typeof thin>} points @param {(value: number) => number} y */
function line(points, y) {
  let path = "";
  let last = Number.NEGATIVE_INFINITY;
  for (const { x, at, value } of points) {
    if (value === null) continue;
    path += `${at - last > HOLE_MS ? "M" : "L"}${x} ${y(value).toFixed(1)}`;
    last = at;
  }
  return path;
}

/** The next of 1, 2 or 5 and a power of ten. @param {number} value */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value * 0.999) ?? 10);
}

/**
 * @param {Box} box @param {number} from @param {number} to @param {number} greatest
 * @param {(value: number) => string} format @param {(value: number) => number} y
 */
function axes({ left, right, bottom }, from, to, greatest, format, y) {
  const lines = [0, greatest / 2, greatest].flatMap((value) => [
    h("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
    h("text", { class: "axis", x: left, y: y(value) - 3 }, value === 0 ? "" : format(value)),
  ]);
  return [
    ...lines,
    h("text", { class: "axis", x: left, y: bottom + 15 }, time(from)),
    h("text", { class: "axis", x: right, y: bottom + 15, "text-anchor": "end" }, time(to)),
  ];
}

/** A line where the dial was changed. @param {DialSnapshot} snapshot @param {Box} box @param {number} from @param {number} to */
function changes({ log }, { left, right, top, bottom }, from, to) {
  return log
    .map(({ at }) => Date.parse(at))
    .filter((at) => at >= from && at <= to)
    .map((at) => {
      const x = left + ((at - from) / (to - from)) * (right - left);
      return h("line", { class: "change", x1: x, x2: x, y1: top, y2: bottom });
    });
}

/**
 * Each line's name and figure at its end, moved apart where they would cover each other.
 * @param {DialSnapshot} snapshot @param {readonly string[]} names @param {HistoryPoint} last @param {Figure} of
 * @param {(value: number | null) => string} format @param {Box} box @param {(value: number) => number} y
 */
function labels(snapshot, names, last, of, format, box, y) {
  const HEIGHT = 14;
  let free = box.bottom;
  return names
    .map((name) => ({ name, value: figure(last, name, of) }))
    .sort((one, other) => (one.value ?? 0) - (other.value ?? 0))
    .map(({ name, value }) => {
      const at = Math.min(free, value === null ? box.bottom : y(value) + 4);
      free = at - HEIGHT;
      const text = `${name} ${value === null ? UNKNOWN : format(value)}`;
      return h("text", { class: `name fill-${colour(snapshot, name)}`, x: box.right + 6, y: at }, text);
    });
}

/** How many rows the table of figures has at most, a moment each, newest first. */
const MOMENTS = 10;

/** @param {readonly HistoryPoint[]} history @param {readonly string[]} names */
function showFigures(history, names) {
  // A table that nobody has opened is not worth building each second.
  if (byId("figures").closest("details")?.open !== true) return;
  const each = Math.max(1, Math.ceil(history.length / MOMENTS));
  const moments = history.filter((_, index) => (history.length - 1 - index) % each === 0).reverse();
  const rows = moments.flatMap((point) =>
    names.map((name, index) => {
      const of = (/** @type {Figure} */ figureOf) => figure(point, name, figureOf);
      const weight = of((figures) => figures.weight);
      return h(
        "tr",
        {},
        h("td", { class: "time" }, index === 0 ? time(point.at) : ""),
        h("th", { scope: "row" }, name),
        h("td", { class: "number" }, weight === null ? UNKNOWN : `${weight} %`),
        h("td", { class: "number" }, percent(of(({ share }) => share))),
        h("td", { class: "number" }, percent(of(({ errorRate }) => errorRate))),
        h("td", { class: "number" }, latency(of(({ p99 }) => p99))),
      );
    }),
  );
  show(byId("figures"), ...rows);
}
