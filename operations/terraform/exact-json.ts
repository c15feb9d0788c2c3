import { randomBytes } from "node:crypto";

/** A number that JavaScript's numbers cannot hold as it is written: `9007199254740993`, `0.10000000000000000001`. */
export class ExactNumber {
  /** @param text as in the document */
  constructor(readonly text: string) {}
}

/** Numbers of JSON; one that names a member is an error, which is left for the parser to find. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\s*:)/g;

/**
 * Reads JSON without taking two numbers for one: what `JSON.parse` would round comes as `ExactNumber`. Terraform counts in
 * 512 bits, and 9007199254740993 is 9007199254740992 to JavaScript.
 *
 * @throws SyntaxError for what is no JSON, as `JSON.parse`
 */
export function parseExactly(text: string): unknown {
  // Nobody knew it when the document was written, so no text of the document begins with it.
  const mark = randomBytes(16).toString("hex");
  const quoted = outsideOfStrings(text, (part) =>
    part.replace(NUMBER, (number) => (isHeld(number) ? number : `"${mark}${number}"`)),
  );
  return quoted === text
    ? JSON.parse(text)
    : JSON.parse(quoted, (_, value: unknown) =>
        typeof value === "string" && value.startsWith(mark)
          ? new ExactNumber(value.slice(mark.length))
          : value,
      );
}

const isHeld = (number: string) => String(Number(number)) === number;

/** Changes what is not within quotes. No expression does it at once: a text of some megabytes would be too long for it. */
function outsideOfStrings(text: string, change: (part: string) => string): string {
  const parts: string[] = [];
  let from = 0;
  for (let quote = text.indexOf('"'); quote !== -1; quote = text.indexOf('"', from)) {
    parts.push(change(text.slice(from, quote)));
    from = endOfString(text, quote);
    parts.push(text.slice(quote, from));
  }
  return [...parts, change(text.slice(from))].join("");
}

/** Where the text after a string begins. */
function endOfString(text: string, opening: number): number {
  for (let quote = text.indexOf('"', opening + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === "\\") before--;
    if ((quote - before) % 2 === 0) {
      return quote + 1;
    }
  }
  return text.length;
}
