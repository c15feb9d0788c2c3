/** A part of a text, and what stands there afterwards. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** All edits at once; what is in none of them stays byte for byte. Of those at one place the first comes first. */
export function splice(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  const inOrder = edits
    .map((edit, index) => ({ edit, index }))
    .sort((one, other) => one.edit.from - other.edit.from || one.index - other.index);
  for (const { edit } of inOrder) {
    if (edit.from < at) {
      throw new Error("edits of a text overlap");
    }
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at);
}

/** Start of the line that an offset is in. */
export const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;

/** Blanks as wide as what is before an offset on its line; a byte order mark has no width. */
export const indentAt = (text: string, offset: number): string =>
  " ".repeat(text.slice(lineStart(text, offset), offset).replace("\ufeff", "").length);

/** End of the line that an offset is in, before its line break. */
export function lineEnd(text: string, offset: number): number {
  const found = text.indexOf("\n", offset);
  const end = found === -1 ? text.length : found;
  return end > offset && text[end - 1] === "\r" ? end - 1 : end;
}

/** Start of the line after; the end of the text when there is none. */
export function nextLine(text: string, offset: number): number {
  const found = text.indexOf("\n", offset);
  return found === -1 ? text.length : found + 1;
}

export const lineBreakOf = (text: string): string => (/\r\n/.test(text) ? "\r\n" : "\n");
