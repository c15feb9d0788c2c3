/**
 * A value out of an expression of Terraform, such as what stands in `${jsonencode({…})}`. Lists, mappings, text, numbers
 * and booleans are read; anything else (references, calls, conditions) is an {@link Unread} with its text.
 */
export type Read =
  string | number | boolean | null | Unread | readonly Read[] | { readonly [key: string]: Read };

/** A part of an expression whose value only Terraform knows. */
export class Unread {
  constructor(readonly text: string) {}

  /** Texts that are written in it: `concat(["iam:*"], …)` has one. */
  get literals(): string[] {
    return [...this.text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => unescape(text ?? ""));
  }
}

/** @returns the value, or undefined when the text is no expression that ends where it should */
export function readExpression(text: string): Read | undefined {
  const reader = new Reader(text);
  try {
    const value = reader.value();
    return reader.isAtEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof Unreadable) {
      return undefined;
    }
    throw error;
  }
}

class Unreadable extends Error {}

const unescape = (text: string) =>
  text
    .replace(/\\(["\\nrt])/g, (_, c: string) => ({ n: "\n", r: "\r", t: "\t" })[c] ?? c)
    .replace(/\$\$\{/g, "${");

const OPEN: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")" };

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  isAtEnd(): boolean {
    this.space();
    return this.at >= this.text.length;
  }

  value(): Read {
    this.space();
    const start = this.at;
    const read = this.literalOrNothing();
    this.space();
    // What goes on after a literal is an operator, and what stands there is no literal.
    if (read !== undefined && (this.isAtEnd() || ",]})\n".includes(this.text.charAt(this.at)))) {
      return read;
    }
    this.at = start;
    return new Unread(this.skip());
  }

  private literalOrNothing(): Read | undefined {
    try {
      return this.literal();
    } catch (error) {
      // Brackets may hold what is no list: `{ for name in names : … }`.
      if (error instanceof Unreadable) {
        return undefined;
      }
      throw error;
    }
  }

  private literal(): Read | undefined {
    switch (this.text.charAt(this.at)) {
      case '"':
        return this.string();
      case "[":
        return this.list();
      case "{":
        return this.mapping();
      default: {
        const [word] = /^(true|false|null|-?\d+(\.\d+)?)(?![\w.(-])/.exec(this.text.slice(this.at)) ?? [];
        this.at += word?.length ?? 0;
        return word === undefined ? undefined : (JSON.parse(word) as Read);
      }
    }
  }

  private list(): Read[] {
    const values: Read[] = [];
    this.expect("[");
    while (!this.closes("]")) {
      values.push(this.value());
      this.comma("]");
    }
    return values;
  }

  private mapping(): Read {
    const entries: [string, Read][] = [];
    this.expect("{");
    while (!this.closes("}")) {
      const key = this.text.charAt(this.at) === '"' ? this.string() : this.word();
      this.space();
      if (!["=", ":"].includes(this.text.charAt(this.at))) {
        throw new Unreadable();
      }
      this.at++;
      entries.push([key, this.value()]);
      this.comma("}");
    }
    return Object.fromEntries(entries);
  }

  private string(): string {
    const start = this.at + 1;
    this.quoted();
    return unescape(this.text.slice(start, this.at - 1));
  }

  private word(): string {
    const [word] = /^[\w-]+/.exec(this.text.slice(this.at)) ?? [];
    if (word === undefined) {
      throw new Unreadable();
    }
    this.at += word.length;
    return word;
  }

  /** Moves behind quoted text, which may have expressions with quoted text in it. */
  private quoted(): void {
    this.at++;
    for (; this.at < this.text.length; this.at++) {
      const rest = this.text.slice(this.at, this.at + 3);
      if (rest.startsWith('"')) {
        this.at++;
        return;
      }
      if (rest.startsWith("\\") || rest === "$${" || rest === "%%{") {
        this.at += rest.startsWith("\\") ? 1 : 2;
      } else if (rest.startsWith("${") || rest.startsWith("%{")) {
        this.at++;
        this.bracketed();
        this.at--;
      }
    }
    throw new Unreadable();
  }

  /** Moves behind what stands in brackets of any kind. */
  private bracketed(): void {
    const close = OPEN[this.text.charAt(this.at)];
    this.at++;
    while (this.text.charAt(this.at) !== close) {
      this.step();
    }
    this.at++;
  }

  /** Moves to where a value ends, and tells what was passed. */
  private skip(): string {
    const start = this.at;
    while (this.at < this.text.length && !",]})".includes(this.text.charAt(this.at))) {
      this.step();
    }
    const passed = this.text.slice(start, this.at).trim();
    if (passed === "") {
      throw new Unreadable();
    }
    return passed;
  }

  private step(): void {
    const character = this.text.charAt(this.at);
    if (character === "") {
      throw new Unreadable();
    } else if (character === '"') {
      this.quoted();
    } else if (character in OPEN) {
      this.bracketed();
    } else {
      this.at++;
    }
  }

  private closes(bracket: string): boolean {
    this.space();
    if (this.text.charAt(this.at) !== bracket) {
      return false;
    }
    this.at++;
    return true;
  }

  private comma(close: string): void {
    this.space();
    if (this.text.charAt(this.at) === ",") {
      this.at++;
    } else if (this.text.charAt(this.at) !== close) {
      throw new Unreadable();
    }
  }

  private expect(character: string): void {
    if (this.text.charAt(this.at) !== character) {
      throw new Unreadable();
    }
    this.at++;
  }

  private space(): void {
    while (/\s/.test(this.text.charAt(this.at))) {
      this.at++;
    }
  }
}
