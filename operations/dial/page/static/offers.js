import { weights } from "./format.js";

/**
 * @typedef {import("../../status").DialSnapshot} DialSnapshot
 * @typedef {"step" | "hold" | "resume" | "back" | "drain"} Name
 * @typedef {{ name: string, label: string, about: string, not: string }} Offer
 */

/** What each dialog says. @type {Readonly<Record<Name, { title: string, about: string, submit: string, grave?: true }>>} */
export const DEEDS = {
  step: {
    title: "Step",
    about: "Gives a cluster this share; the others keep their proportions in the rest.",
    submit: "Set the weights",
  },
  hold: {
    title: "Hold the ramp",
    about: "It takes no further step. A target that fails is put back all the same.",
    submit: "Hold",
  },
  resume: { title: "Go on with the ramp", about: "Its step's hold begins anew.", submit: "Go on" },
  back: {
    title: "Back",
    about: "To the weights before the last change. A ramp that is on ends with it.",
    submit: "Go back",
    grave: true,
  },
  drain: {
    title: "Drain a cluster",
    about:
      "Takes a cluster off the traffic at once, whatever else is going on. A ramp that is on ends with it.",
    submit: "Drain",
    grave: true,
  },
};

/**
 * The buttons at this moment: what each would do, and why it cannot be done now; empty when it can. The server's guards
 * have the last word: this only keeps people from asking in vain.
 *
 * @param {DialSnapshot | null} snapshot
 * @param {string} environment
 * @returns {readonly Offer[]}
 */
export function offers(snapshot, environment) {
  const ramp = snapshot?.ramp ?? null;
  const paused = ramp?.phase === "paused";
  return [
    {
      name: "step",
      label: "Step …",
      about: "Give a cluster another share.",
      not: ramp === null ? "" : "A ramp makes the steps.",
    },
    {
      ...{ name: "hold", label: paused ? "Go on …" : "Hold …", not: noHold(snapshot, environment) },
      about: paused ? "Let the ramp go on." : "Keep the ramp at its step.",
    },
    {
      ...{ name: "back", label: "Back …", not: noBack(snapshot) },
      about:
        ramp === null
          ? "To the weights before the last change."
          : `To ${weights(ramp.before.weights)}, and the ramp ends.`,
    },
    { name: "drain", label: "Drain …", about: "Take a cluster off the traffic at once.", not: "" },
  ];
}

/** @param {DialSnapshot | null} snapshot @param {string} environment */
function noHold(snapshot, environment) {
  const ramp = snapshot?.ramp ?? null;
  if (ramp === null) return "No ramp is on.";
  if (snapshot?.lock === null)
    return `Nobody runs the ramp. In a terminal: skyline dial resume --env ${environment}`;
  return ramp.phase === "returning" ? "The weights are being put back." : "";
}

/** @param {DialSnapshot | null} snapshot */
function noBack(snapshot) {
  if (snapshot === null || snapshot.ramp !== null) return "";
  const [last] = snapshot.log;
  if (last === undefined) return snapshot.desired === null ? "The dial was never changed." : "";
  return last.action === "back" || last.action === "return" ? "The last change went back already." : "";
}
