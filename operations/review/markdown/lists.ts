import type { Review } from "../model";
import type { Block } from "./budget";
import { htmlCode } from "./escape";
import { isAlone, leftOut } from "./words";

/**
 * Items of a list, those of one key together below their title. The title is a part of its first item, so that neither is
 * there without the other.
 *
 * @param keyOf empty for items that need no title
 * @param titleOf of a group, by its first item and how many there are
 * @param linesOf an item's own line, and those below it
 */
export function grouped<T>(
  all: readonly T[],
  keyOf: (one: T) => string,
  titleOf: (first: T, count: number) => string,
  linesOf: (one: T) => readonly string[],
): Block["items"] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups].flatMap(([key, group]) =>
    group.map((one, at) => () => {
      const indent = key === "" ? "" : "  ";
      const [own = "", ...below] = linesOf(one);
      return [
        ...(at === 0 && key !== "" ? [`- ${titleOf(one, group.length)}`] : []),
        `${indent}- ${own}`,
        ...below.map((line) => `${indent}  - ${line}`),
      ].join("\n");
    }),
  );
}

/** Details under a summary, which names the stack when there is one alone. */
export function folded(summary: string, items: Block["items"], review: Review, rank: number): Block {
  const [only] = review.stacks;
  const where = isAlone(review) && only !== undefined ? ` in ${htmlCode(only.stack)}` : "";
  return items.length === 0
    ? { head: [], items: [], left: leftOut, rank }
    : {
        head: [`<details><summary>${summary}${where}</summary>`, ""],
        items,
        tail: ["", "</details>"],
        left: leftOut,
        rank,
      };
}
