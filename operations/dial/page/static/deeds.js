import { byId, h, show } from "./dom.js";
import { difference, sentence, weightOf } from "./format.js";
import { field, options, select } from "./forms.js";
import { DEEDS, offers } from "./offers.js";
import { ask } from "./stream.js";
import { wantedWeights } from "./view.js";

/**
 * @typedef {import("../feed").PageState} PageState
 * @typedef {import("../streams").Greeting} Greeting
 * @typedef {import("../../status").DialSnapshot} DialSnapshot
 * @typedef {import("./offers.js").Name} Name
 */

const PREVIEW_MS = 200;

/** The buttons, and the dialog in which each asks what, why, and in production where. */
export class Deeds {
  /** @type {Name} */
  open = "step";
  /** What the person saw when the dialog was opened. */
  generation = 0;
  /** @type {DialSnapshot | null} */
  snapshot = null;
  /** @type {Greeting | undefined} */
  greeting;
  isLost = false;
  busy = false;
  /** @type {AbortController | undefined} */
  asking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** Of the dial when the preview was last asked for. */
  previewed = 0;

  /** @param {string} token */
  constructor(token) {
    this.token = token;
    /** @type {HTMLDialogElement} */
    this.dialog = byId("dialog");
    this.onButton("open-step", () => "step");
    this.onButton("open-hold", () => (this.snapshot?.ramp?.phase === "paused" ? "resume" : "hold"));
    this.onButton("open-back", () => "back");
    this.onButton("open-drain", () => "drain");
    byId("cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.asking?.abort());
    byId("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    byId("form").addEventListener("input", ({ target }) => {
      if (target === select("step-to")) this.startFrom(select("step-to").value);
      if (target === select("drain-cluster")) this.offerTakers();
      if (target !== field("why") && target !== field("confirm")) this.previewSoon();
    });
    for (const button of this.dialog.querySelectorAll("[data-add]")) {
      button.addEventListener("click", () => {
        const sum = Number(field("step-share").value) + Number(button.getAttribute("data-add"));
        field("step-share").value = String(Math.min(100, sum));
        this.previewSoon();
      });
    }
  }

  /** @param {Greeting} greeting */
  greet(greeting) {
    this.greeting = greeting;
    byId("confirm-field").hidden = !greeting.confirms;
    field("confirm").required = greeting.confirms;
    show(byId("confirm-name"), greeting.environment);
  }

  /** @param {PageState} state */
  update({ snapshot }) {
    this.isLost = false;
    this.snapshot = snapshot;
    this.offer();
    // Somebody else has changed the dial: the preview says so, before anything is asked for in vain.
    if (this.dialog.open && !this.busy && generationOf(snapshot) !== this.previewed) void this.preview();
  }

  /** The server is gone: nothing can be done from here. */
  lose() {
    this.isLost = true;
    this.offer();
  }

  /** @param {string} id @param {() => Name} name */
  onButton(id, name) {
    byId(id).addEventListener("click", () => {
      // Not `disabled`, which would take the focus from who is there with the keyboard.
      if (byId(id).getAttribute("aria-disabled") !== "true") this.show(name());
    });
  }

  offer() {
    const lost = this.isLost || this.snapshot === null ? "Not connected." : "";
    for (const { name, label, about, not } of offers(this.snapshot, this.greeting?.environment ?? "")) {
      const reason = lost || not;
      show(byId(`open-${name}`), label);
      byId(`open-${name}`).setAttribute("aria-disabled", String(reason !== ""));
      show(byId(`about-${name}`), reason || about);
    }
  }

  /** @param {Name} name */
  show(name) {
    this.open = name;
    this.generation = generationOf(this.snapshot);
    const { title, about, submit, grave } = DEEDS[name];
    show(byId("dialog-title"), title);
    show(byId("dialog-about"), about);
    show(byId("submit"), submit);
    byId("submit").classList.toggle("grave", grave === true);
    show(byId("refusal"));
    show(byId("preview"));
    byId("override-field").hidden = true;
    for (const part of this.dialog.querySelectorAll("[data-for]")) {
      part.toggleAttribute("hidden", part.getAttribute("data-for") !== name);
    }
    for (const id of ["why", "override", "confirm"]) field(id).value = "";
    field("why").required = true;
    this.fill();
    this.work(false);
    this.dialog.showModal();
    (name === "step" ? byId("step-to") : name === "drain" ? byId("drain-cluster") : byId("why")).focus();
    void this.preview();
  }

  /** Which clusters there are to choose from. */
  fill() {
    const clusters = this.snapshot?.clusters ?? [];
    const now = this.snapshot === null ? null : wantedWeights(this.snapshot);
    const points = (/** @type {string} */ name) => (now === null ? 0 : weightOf(now, name));
    const able = clusters
      .filter(({ role }) => role === "active" || role === "passive")
      .map(({ name }) => name);
    const least = [...able].sort((one, other) => points(one) - points(other))[0] ?? "";
    options(
      "step-to",
      able.map((name) => ({ value: name, text: `${name}, now ${points(name)} %` })),
      least,
    );
    this.startFrom(least);
    const loaded = clusters.map(({ name }) => name).filter((name) => points(name) > 0);
    options(
      "drain-cluster",
      loaded.map((name) => ({ value: name, text: `${name}, now ${points(name)} %` })),
      "",
    );
    this.offerTakers();
  }

  /** @param {string} cluster */
  startFrom(cluster) {
    const now = this.snapshot === null ? null : wantedWeights(this.snapshot);
    field("step-share").value = String(now === null ? 0 : weightOf(now, cluster));
  }

  offerTakers() {
    const from = select("drain-cluster").value;
    const others = (this.snapshot?.clusters ?? []).filter(
      ({ name, workers }) => name !== from && workers > 0,
    );
    const all = { value: "", text: "to the others, in their proportions" };
    options("drain-to", [all, ...others.map(({ name }) => ({ value: name, text: `to ${name}` }))], "");
  }

  body() {
    const { generation } = this;
    switch (this.open) {
      case "step":
        return {
          ...{ to: select("step-to").value, share: Number(field("step-share").value), generation },
          override: field("override").value.trim() || undefined,
        };
      case "back":
        return { generation };
      case "drain":
        return { cluster: select("drain-cluster").value, to: select("drain-to").value || undefined };
      default:
        return {};
    }
  }

  previewSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.preview(), PREVIEW_MS);
  }

  /** What would happen, by the same code that does it. */
  async preview() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.previewed = generationOf(this.snapshot);
    const asking = new AbortController();
    this.asking = asking;
    const answer = await ask(this.token, this.open, { ...this.body(), dryRun: true }, asking.signal).catch(
      () => undefined,
    );
    if (answer === undefined || asking.signal.aborted || this.busy) return;
    const preview = byId("preview");
    preview.dataset.tone = answer.ok ? "good" : "attention";
    if (!answer.ok) {
      this.offerOverride(answer.code);
      show(preview, h("p", {}, sentence(answer.message)));
      return;
    }
    const { before, after, text, ends } = answer;
    const change = before === null || after === null ? "" : difference(before, after);
    show(
      preview,
      h("p", {}, h("strong", {}, change)),
      h("p", {}, text),
      ...ends.map((what) => h("p", {}, `Ends ${what}.`)),
    );
  }

  /** Only once the guards have refused: nobody is to think of it before. @param {string} code */
  offerOverride(code) {
    if (this.open === "step" && code === "refused") byId("override-field").hidden = false;
  }

  async submit() {
    if (this.busy) return;
    const { open } = this;
    const body = { ...this.body(), why: field("why").value.trim() };
    const confirm = this.greeting?.confirms === true ? { confirm: field("confirm").value.trim() } : {};
    show(byId("refusal"));
    this.asking?.abort();
    this.work(true);
    const answer = await ask(this.token, open, { ...body, ...confirm });
    const here = this.dialog.open && this.open === open && this.busy;
    this.work(false);
    const said = answer.ok
      ? `${answer.text} ${answer.problem ?? ""}`.trim()
      : `${sentence(answer.message)} ${answer.hint === null ? "" : sentence(answer.hint)}`.trim();
    if (here && !answer.ok) {
      this.offerOverride(answer.code);
      show(byId("refusal"), said);
      return;
    }
    if (here) this.dialog.close();
    const result = byId("result");
    result.dataset.tone = answer.ok && answer.problem === null ? "good" : "wrong";
    show(result, `${DEEDS[open].title}: ${said}`);
  }

  /** @param {boolean} busy */
  work(busy) {
    this.busy = busy;
    byId("submit").setAttribute("aria-disabled", String(busy));
    show(byId("submit"), busy ? "Waiting for the gateways …" : DEEDS[this.open].submit);
  }
}

/** @param {DialSnapshot | null} snapshot */
const generationOf = (snapshot) => snapshot?.desired?.generation ?? 0;
