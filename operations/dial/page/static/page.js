import { drawCharts } from "./charts.js";
import { Deeds } from "./deeds.js";
import { byId, show } from "./dom.js";
import { time } from "./format.js";
import { listen, Refused } from "./stream.js";
import { showState } from "./view.js";

/**
 * @typedef {import("../feed").PageState} PageState
 * @typedef {import("../streams").Greeting} Greeting
 * @typedef {import("../history").HistoryPoint} HistoryPoint
 */

const STORE = "skyline-dial-token";
/** Of the page, as the server keeps it. */
const HISTORY_MS = 30 * 60_000;
/** After so long without a word the picture is not to be believed. */
const STALE_MS = 5000;
const token = takeToken();
/** @type {Greeting | undefined} */
let greeting;
/** @type {HistoryPoint[]} */
let history = [];
/** When the server last said something, by the clock of this page. */
let heard = 0;
const deeds = new Deeds(token);

/** The token goes from the address bar to this tab's own storage: neither history nor a screenshot has it. */
function takeToken() {
  const given = /^#([-_A-Za-z0-9]{43})$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(STORE, given);
    window.history.replaceState(null, "", "/");
  }
  return given ?? sessionStorage.getItem(STORE) ?? "";
}

/** @param {string} name @param {any} data */
function tell(name, data) {
  heard = Date.now();
  if (name === "hello") hello(data);
  if (name === "state") state(data);
}

/** @param {Greeting} said */
function hello(said) {
  greeting = said;
  history = [...said.history];
  show(byId("environment"), said.environment);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  show(byId("by"), `You act as ${said.by}. Times are of ${zone}.`);
  deeds.greet(said);
}

/** @param {PageState} told */
function state(told) {
  if (greeting === undefined) return;
  if (told.point !== null) {
    history.push(told.point);
    const oldest = told.point.at - HISTORY_MS;
    history.splice(
      0,
      history.findIndex(({ at }) => at >= oldest),
    );
  }
  showState(told, greeting);
  deeds.update(told);
  connection("live", told.failure === null ? "Live" : `Last seen ${time(told.snapshot?.at ?? "never")}`);
  document.body.classList.toggle("stale", told.failure !== null);
  if (!document.hidden) drawCharts(history, told.snapshot);
}

/** @param {"live" | "lost" | "waiting"} kind @param {string} text */
function connection(kind, text) {
  const link = byId("link");
  link.dataset.state = kind;
  show(link, text);
}

/** @param {string} level @param {string} word @param {string} text @param {string} hint */
function lost(level, word, text, hint) {
  document.body.classList.add("stale");
  connection("lost", "Not connected");
  byId("verdict").dataset.level = level;
  show(byId("level-word"), word);
  show(byId("headline"), text);
  show(byId("findings"), { tag: "li", attributes: {}, children: [hint] });
  document.title = `${word}: dial`;
  deeds.lose();
}

async function follow() {
  for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
    const attempt = new AbortController();
    // A server that says nothing for long is gone, or was suspended with the machine.
    const watch = setInterval(() => {
      if (heard !== 0 && Date.now() - heard > 3 * STALE_MS) attempt.abort();
    }, 1000);
    try {
      await listen(token, tell, attempt.signal);
      wait = 500;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        const hint = "Open the address that skyline dial watch prints: each run has another.";
        lost("wrong", "No entry", "This page's token is missing, or is of a run that has ended.", hint);
        return;
      }
    } finally {
      clearInterval(watch);
    }
    const hint = "Gateways go on with the weights they have. Start it again: skyline dial watch --open";
    lost("wrong", "Blind", "skyline dial watch does not answer: this page shows what was.", hint);
    heard = 0;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

setInterval(() => {
  const silent = heard === 0 ? 0 : Date.now() - heard;
  if (silent > STALE_MS) {
    document.body.classList.add("stale");
    connection("lost", `Nothing new for ${Math.round(silent / 1000)} s`);
  }
}, 1000);
// Another run's address, put into this tab.
addEventListener("hashchange", () => {
  const before = token;
  if (takeToken() !== before) location.reload();
});

void follow();
