import { createHash } from "node:crypto";

/**
 * A file of `mesh/` with its places, such as `@@GATEWAY@@`, filled in. The place `@@GENERATION@@` gets the digest of all
 * the others.
 *
 * @param whose what errors call the file
 * @throws Error when the template has a place that nothing fills
 */
export function fillPlaces(
  template: string,
  values: Readonly<Record<string, string>>,
  whose: string,
): string {
  const fill = (text: string, more: Readonly<Record<string, string>>) =>
    text.replace(/@@([A-Z_]+)@@/g, (place, name: string) => more[name] ?? place);
  const filled = fill(template, values);
  const rendered = fill(filled, { GENERATION: sha256(filled) });
  const left = /@@[A-Z_]+@@/.exec(rendered);
  if (left !== null) {
    throw new Error(`nothing fills ${left[0]} in ${whose}`);
  }
  return rendered;
}

/** All but the comment at its head: user data has no room for the others. */
export const withoutComments = (text: string) => {
  const end = text.search(/^(?!#)/m);
  return text.slice(0, end) + text.slice(end).replace(/^ *#.*\n/gm, "");
};

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
