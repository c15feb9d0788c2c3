import { byId, h, show } from "./dom.js";

/** @param {string} id @returns {HTMLInputElement} */
export const field = (id) => byId(id);

/** @param {string} id @returns {HTMLSelectElement} */
export const select = (id) => byId(id);

/** @param {string} id @param {readonly { value: string, text: string }[]} choices @param {string} chosen */
export function options(id, choices, chosen) {
  show(byId(id), ...choices.map(({ value, text }) => h("option", { value }, text)));
  select(id).value = choices.some(({ value }) => value === chosen) ? chosen : (choices[0]?.value ?? "");
}
