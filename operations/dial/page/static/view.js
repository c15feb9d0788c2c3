import { byId, h, show } from "./dom.js";
import {
  difference,
  duration,
  latency,
  percent,
  points,
  rate,
  time,
  UNKNOWN,
  weightOf,
  weights,
} from "./format.js";

/**
 * @typedef {import("../feed").PageState} PageState
 * @typedef {import("../streams").Greeting} Greeting
 * @typedef {import("../../status").DialSnapshot} DialSnapshot
 * @typedef {import("./dom.js").Wanted} Wanted
 */

const WORDS = { good: "In order", attention: "Look here", wrong: "Wrong" };
const SIGNS = { good: "✓", attention: "▲", wrong: "✕" };

/**
 * Everything but the charts and the actions.
 * @param {PageState} state
 * @param {Greeting} greeting
 */
export function showState({ snapshot, verdict, failure }, { environment }) {
  const { level, headline, findings } = verdict;
  byId("verdict").dataset.level = level;
  show(byId("level-word"), WORDS[level]);
  show(byId("headline"), `${headline}.`);
  const since =
    failure === null ? [] : [h("li", {}, `Since ${time(failure.since)}. ${failure.hint ?? ""}`.trim())];
  show(
    byId("findings"),
    ...findings.map(({ level: of, text }) => h("li", { "data-level": of }, text)),
    ...since,
  );
  document.title = `${SIGNS[level]} ${WORDS[level]}: dial of ${environment}`;
  if (snapshot === null) return;
  showTraffic(snapshot);
  showGateways(snapshot);
  showRamp(snapshot);
  showLock(snapshot);
  showLog(snapshot);
}

/** The colours are by a cluster's place in the environment file. @param {DialSnapshot} snapshot @param {string} name */
export function colour(snapshot, name) {
  return (
    Math.max(
      0,
      rowsOf(snapshot).findIndex((one) => one.name === name),
    ) % 6
  );
}

/** As the server's verdict takes them. @param {DialSnapshot} snapshot */
export function wantedWeights({ desired, gateways }) {
  const served = gateways.map((gateway) => gateway.weights ?? {});
  return desired?.weights ?? served.find((shares) => Object.keys(shares).length > 0) ?? null;
}

/**
 * The clusters of the environment file, and then those that have a weight and are not in it.
 * @param {DialSnapshot} snapshot
 */
export function rowsOf(snapshot) {
  const { clusters } = snapshot;
  const strange = Object.keys(wantedWeights(snapshot) ?? {}).filter(
    (name) => !clusters.some((one) => one.name === name),
  );
  return [
    ...clusters.map(({ name, kind, role, workers }) => ({ name, about: `${kind}, ${role}`, workers })),
    ...strange.map((name) => ({ name, about: "not in the environment file", workers: null })),
  ];
}

/** @param {DialSnapshot} snapshot */
function showTraffic(snapshot) {
  const { live } = snapshot;
  const wanted = wantedWeights(snapshot);
  const traffic = (/** @type {string} */ name) =>
    live !== null && Object.hasOwn(live.clusters, name) ? live.clusters[name] : undefined;
  const bar = (/** @type {(name: string) => number | null | undefined} */ part) =>
    rowsOf(snapshot).map(({ name }) => ({ name, part: part(name) ?? 0, colour: colour(snapshot, name) }));
  showBar(
    "bar-weight",
    bar((name) => (wanted === null ? 0 : weightOf(wanted, name)) / 100),
    "unknown",
    points,
  );
  showBar(
    "bar-live",
    bar((name) => traffic(name)?.share),
    live === null ? "not measured yet" : "no requests",
    percent,
  );
  const rows = rowsOf(snapshot).map(({ name, about, workers }) => {
    const weight = wanted === null ? null : weightOf(wanted, name);
    const of = traffic(name);
    const errors = of?.errorRate ?? null;
    const tone = errors === null || errors < 0.01 ? undefined : errors < 0.05 ? "attention" : "wrong";
    const swatch = h(
      "svg",
      { class: "swatch", "aria-hidden": "true" },
      h("rect", { class: `fill-${colour(snapshot, name)}`, width: "100%", height: "100%" }),
    );
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, swatch, name, h("span", { class: "note" }, about)),
      number(weight === null ? UNKNOWN : `${weight} %`),
      number(percent(of?.share)),
      number(percent(errors), tone),
      number(latency(of?.p99)),
      number(latency(of?.p50)),
      number(rate(live === null ? null : of && of.requests / live.seconds)),
      number(
        workers === null ? UNKNOWN : String(workers),
        workers === 0 && (weight ?? 0) > 0 ? "wrong" : undefined,
      ),
    );
  });
  show(byId("clusters"), ...rows);
  const counted =
    live === null
      ? "Nothing is measured yet."
      : `Measured at the gateways over the last ${duration(live.seconds)}.`;
  show(byId("window"), counted);
}

/** @param {string} text @param {string} [tone] */
const number = (text, tone) => h("td", { class: "number", "data-tone": tone }, text);

/**
 * @param {string} id
 * @param {readonly { name: string, part: number, colour: number }[]} parts 0 to 1 each
 * @param {string} none what to say when there is nothing to show
 * @param {(part: number) => string} format
 */
function showBar(id, parts, none, format) {
  const bar = byId(id);
  const pixels = bar.getBoundingClientRect().width;
  let left = 0;
  const shown = parts.flatMap(({ name, part, colour: of }) => {
    const [x, width] = [left, part * 100];
    left += width;
    const text =
      [`${name} ${format(part)}`, format(part), ""].find((one) => one.length * 9.5 < part * pixels) ?? "";
    return [
      h("rect", { class: `fill-${of}`, x: `${x}%`, width: `${width}%`, height: "100%" }),
      h("text", { x: `${x + width / 2}%`, y: "50%" }, text),
    ];
  });
  show(bar, ...(left === 0 ? [h("text", { class: "nobody", x: "50%", y: "50%" }, none)] : shown));
}

/** @param {DialSnapshot} snapshot */
function showGateways({ gateways, desired }) {
  const wanted =
    desired === null
      ? "No generation yet: the dial was never set."
      : `Wanted: generation ${desired.generation}.`;
  show(byId("generation"), wanted);
  const rows = gateways.map(({ name, address, follows, problem, generation, weights: served }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name, h("span", { class: "note" }, address)),
      h(
        "td",
        {},
        h(
          "span",
          { "data-tone": follows ? (problem === null ? "good" : "attention") : "wrong" },
          follows ? "✓ " : "✕ ",
        ),
        generation === null ? "nobody knows what" : `generation ${generation}`,
        h("span", { class: "note" }, served === null ? "" : weights(served)),
        h(
          "span",
          { class: "note", "data-tone": problem === null ? undefined : follows ? "attention" : "wrong" },
          problem ?? "",
        ),
      ),
    ),
  );
  show(byId("gateway-rows"), ...rows);
}

const PHASES = {
  following: "Gateways take the step",
  holding: "Holding, and measuring",
  paused: "Held by a person",
  returning: "Putting the weights back",
};

/** @param {DialSnapshot} snapshot */
function showRamp({ ramp, lock }) {
  byId("ramp").hidden = ramp === null;
  if (ramp === null) return;
  show(byId("ramp-title"), `Ramp to ${ramp.to}`);
  const steps = ramp.steps.map((share, index) => {
    const state = index < ramp.at ? "done" : index === ramp.at ? "now" : "next";
    const sign = state === "done" ? "✓ " : "";
    return h(
      "li",
      { "data-state": state, "aria-current": state === "now" ? "step" : undefined },
      `${sign}${share} %`,
    );
  });
  show(byId("steps"), ...steps);
  const phase = lock === null ? "Nobody runs it" : PHASES[ramp.phase];
  const reason = ramp.reason === null ? "" : `: ${ramp.reason}`;
  show(byId("ramp-phase"), h("strong", {}, phase), `${reason}`);
  const about = `Each step is held for ${duration(ramp.holdSeconds)}. Started by ${ramp.by} at ${time(ramp.startedAt)}: ${ramp.why}`;
  show(byId("ramp-about"), about);
}

/** @param {DialSnapshot} snapshot */
function showLock({ lock }) {
  const text =
    lock === null
      ? "Nobody holds the lock."
      : `The lock: ${lock.by}, since ${time(lock.at)}, for ${lock.what}.`;
  show(byId("lock"), text);
}

/** @param {DialSnapshot} snapshot */
function showLog({ log }) {
  byId("log-empty").hidden = log.length > 0;
  const rows = log.map(({ generation, at, action, from, weights: to, by, why, override }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, String(generation)),
      h("td", { class: "time" }, h("time", { datetime: at }, time(at))),
      h("td", {}, action),
      h(
        "td",
        { class: "shares" },
        from === null ? weights(to) : difference(from.weights, to) || `${weights(to)}, as before`,
      ),
      h("td", {}, by),
      h(
        "td",
        { class: "words" },
        why,
        h("span", { class: "note" }, override === null ? "" : `Override: ${override}`),
      ),
    ),
  );
  show(byId("log-rows"), ...rows);
}
