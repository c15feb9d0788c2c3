/**
 * Whatever a plan says, names and addresses and values, may have been written to mislead whoever reads the review, or to
 * make something live of it: a link, a mention, HTML. So it is shown as code, where Markdown, GitHub and GitLab look for
 * nothing; only words that cannot be anything but words stay as they are.
 */

/**
 * What nobody sees or what moves its neighbours: control and format characters, separators but the space, private use,
 * lone surrogates, fillers, letters that are written from the right, and heaps of combining marks.
 */
const MISLEADING = new RegExp(
  [
    "[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\u2800]",
    "[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufeff\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]",
    "(?! )\\p{Zs}",
    "(?<=^|\\p{M}{2})\\p{M}",
  ].join("|"),
  "gu",
);

/** Names here are ASCII; another letter that looks like one of theirs is another name. */
const NOT_ASCII = /[^\x20-\x7e]/gu;

/** A character by its number. */
export const codePoint = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** So that what was written as `\u{202e}` is not taken for the character itself. */
const literal = (text: string) => text.replace(/\\(?=u\{)/g, "\\\\");

/** Text on one line with everything in sight: what would be hidden or would move others is `\u{202e}`. */
export const visible = (text: string): string => literal(text).replace(MISLEADING, codePoint);

/** The same for names and addresses: everything but ASCII is `\u{430}`. */
export const visibleName = (text: string): string => literal(text).replace(NOT_ASCII, codePoint);

/** Characters of a name that are shown. */
const NAME_LENGTH = 200;
/** Characters of a value that are shown. */
const VALUE_LENGTH = 120;
/** Backticks in a row that code may hold: cmark takes no fence of more than 80. */
const BACKTICKS = 8;

const EMPTY = "(empty)";

/** A name or an address, as a code span. */
export const code = (name: string): string => spanOf(name, NAME_LENGTH, visibleName);

/** A name in a table. Parsers disagree on escaped pipes, so there is none. */
export const cell = (name: string): string =>
  spanOf(name, NAME_LENGTH, (kept) => visibleName(kept).replaceAll("|", "\\u{7c}"));

/** A value in any language, as a code span. */
export const valueCode = (value: string): string => spanOf(value, VALUE_LENGTH, visible);

function spanOf(text: string, limit: number, show: (text: string) => string): string {
  if (text === "") {
    return EMPTY;
  }
  const { kept, left } = cut(text, limit);
  return left === 0 ? span(show(kept)) : `${span(show(kept))} … (${left} more characters)`;
}

/**
 * CommonMark's code span: behind a fence that the text does not hold, and a space where one would be taken away. Whoever
 * cuts a comment through may leave a fence open, so no HTML begins in code either.
 */
function span(text: string): string {
  const whole = text
    .replaceAll("<", codePoint("<"))
    .replace(new RegExp(`\`{${BACKTICKS + 1},}`, "g"), (run) => codePoint("`").repeat(run.length));
  const runs = whole.match(/`+/g)?.map(({ length }) => length) ?? [];
  const fence = "`".repeat(Math.max(0, ...runs) + 1);
  const padding = /^`|`$|^ (?=.*[^ ]).* $/.test(whole) ? " " : "";
  return `${fence}${padding}${whole}${padding}${fence}`;
}

/** No surrogate pair is cut through. */
function cut(text: string, limit: number): { kept: string; left: number } {
  if (text.length <= limit) {
    return { kept: text, left: 0 };
  }
  const end = /[\ud800-\udbff]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
  return { kept: text.slice(0, end), left: text.length - end };
}

/** Words and numbers, and what may stand around them. */
const WORD = /^([("]*)((?:[A-Za-z]+(?:[-'][A-Za-z]+)*|\d+(?:\.\d+)*%?|[%–—→×…]))([).,;:!?"]*)$/;
const AFFIXES = /^([("]*)(.*?)([).,;:!?"]*)$/su;
/** GitHub makes a link of what may be a commit. */
const COMMIT = /^[0-9a-f]{7,40}$/i;

/** Characters of a sentence that are shown. */
const SENTENCE_LENGTH = 300;

/** A sentence with names in it: each word that is more than a word becomes code. */
export const prose = (text: string): string => sentence(text, visibleName);

/** A sentence that people have written, in their language. */
export const wording = (text: string): string => sentence(text, visible);

function sentence(text: string, show: (text: string) => string): string {
  const { kept, left } = cut(text.trim(), SENTENCE_LENGTH);
  const words = kept.split(/[ \t\r\n]+/).map((word, at) => wordOf(word, at, show));
  return left === 0 ? words.join(" ") : `${words.join(" ")} … (${left} more characters)`;
}

function wordOf(word: string, at: number, show: (text: string) => string): string {
  const [, before = "", core = "", after = ""] = WORD.exec(word) ?? [];
  const startsList = at === 0 && /^\d+$/.test(core) && /^[.)]/.test(after);
  if (core !== "" && !COMMIT.test(core) && !startsList) {
    return `${before}${core}${after}`;
  }
  const [, opening = "", inner = "", closing = ""] = AFFIXES.exec(word) ?? [];
  return inner === "" ? word : `${opening}${span(show(inner))}${closing}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A name as code in HTML, where Markdown is not read: in a summary. */
export function htmlCode(name: string): string {
  if (name === "") {
    return EMPTY;
  }
  const { kept, left } = cut(name, NAME_LENGTH);
  const text = visibleName(kept).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
  return `<code>${text}${left === 0 ? "" : ` … (${left} more characters)`}</code>`;
}
