/** What a string does when Terraform evaluates it. */
export interface Evaluated {
  /** Names of the functions that are called, without `core::`. */
  readonly calls: readonly string[];
  /** Every name in an expression: of functions, of what it refers to, of attributes and keys. */
  readonly names: ReadonlySet<string>;
  /** In words, what is written so that nobody can say what it does. */
  readonly unclear: readonly string[];
}

const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const SPACE = /\s+/y;
/** Expressions, strings and brackets within each other. Skyline's own have ten; each is a call of this reader, or of others. */
const MOST_LEVELS = 100;
/** Words of the expression language that an opening parenthesis may follow. */
const KEYWORDS: readonly string[] = ["in", "if"];

/**
 * Reads a string as Terraform's JSON syntax does: a template, with expressions in `${…}` and directives in `%{…}`.
 * `$${` and `%%{` stand for themselves. No grammar is checked, as Terraform refuses what has none: the question is only
 * which functions could be called, and what is no call in Terraform may be taken for one here, never the reverse.
 */
export function readTemplate(text: string): Evaluated {
  if (!/[$%]\{/.test(text)) {
    return { calls: [], names: new Set(), unclear: [] };
  }
  return new Reader(text).read((reader) => reader.template(undefined));
}

/** Reads a string that Terraform takes for an expression as it stands, like an entry of `replace_triggered_by`. */
export const readExpression = (text: string): Evaluated =>
  new Reader(text).read((reader) => reader.expression(undefined));

/** An end of reading: what follows cannot be told apart from what it is in. */
class Unclear extends Error {}

class Reader {
  private position = 0;
  private level = 0;
  private readonly calls: string[] = [];
  private readonly names = new Set<string>();

  constructor(private readonly text: string) {}

  read(work: (reader: Reader) => void): Evaluated {
    const { calls, names } = this;
    try {
      work(this);
      return { calls, names, unclear: [] };
    } catch (error) {
      if (error instanceof Unclear) {
        return { calls, names, unclear: [error.message] };
      }
      throw error;
    }
  }

  /** @param end undefined for a whole string; a quote for a string within an expression */
  template(end: '"' | undefined): void {
    while (this.position < this.text.length) {
      const char = this.text[this.position];
      if (char === end) {
        this.position++;
        return;
      }
      if (end !== undefined && char === "\\") {
        this.position += 2;
      } else if (char === "$" || char === "%") {
        this.introducer(char);
      } else {
        this.position++;
      }
    }
    if (end !== undefined) {
      throw new Unclear("a string within an expression does not end");
    }
  }

  /** One before a brace begins an expression, two stand for one, and of more nobody knows by heart. */
  private introducer(char: string): void {
    const start = this.position;
    while (this.text[this.position] === char) this.position++;
    if (this.text[this.position] !== "{") return;
    const count = this.position - start;
    this.position++;
    if (count > 2) {
      throw new Unclear(
        `${char.repeat(3)}{ may begin an expression or not; write ${char}{ or ${char}${char}{`,
      );
    }
    if (count === 1) {
      this.expression("}");
    }
  }

  /** @param end undefined for a whole string */
  expression(end: "}" | undefined): void {
    const outside = this.level;
    this.enter();
    let braces = 0;
    let name = "";
    while (this.position < this.text.length) {
      if (this.taken(SPACE) !== undefined) continue;
      const identifier = this.taken(IDENTIFIER);
      if (identifier !== undefined) {
        this.names.add(identifier);
        name = name.endsWith("::") ? name + identifier : identifier;
        continue;
      }
      const two = this.text.slice(this.position, this.position + 2);
      if (two === "::") {
        name = `${name}::`;
        this.position += 2;
        continue;
      }
      if (two === "<<") {
        throw new Unclear("an expression has a heredoc in it; write the text as a string");
      }
      const char = two[0];
      if (char === "#" || two === "//" || two === "/*") {
        throw new Unclear("an expression has a comment in it; leave it out");
      }
      this.position++;
      if (char === "(" || char === "[" || char === "{") {
        this.enter();
      } else if (char === ")" || char === "]" || char === "}") {
        this.level = Math.max(outside, this.level - 1);
      }
      if (char === "(" && name !== "" && !KEYWORDS.includes(name)) {
        this.calls.push(name.replace(/^core::/, ""));
      } else if (char === '"') {
        this.template('"');
      } else if (char === "{") {
        braces++;
      } else if (char === "}" && end !== undefined && braces === 0) {
        return;
      } else if (char === "}") {
        braces--;
      }
      name = "";
    }
    if (end !== undefined) {
      throw new Unclear("an expression does not end");
    }
  }

  private enter(): void {
    this.level++;
    if (this.level > MOST_LEVELS) {
      throw new Unclear("an expression has too many levels; give parts of it names, as locals");
    }
  }

  private taken(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }
}
