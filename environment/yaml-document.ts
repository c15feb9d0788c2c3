import { Composer, Lexer, Parser, type CST, type Document, type YAMLError } from "yaml";

/** Nesting of collections; an environment has 6. Deeper text would exhaust the stack of the recursive composer. */
const MAXIMUM_DEPTH = 64;

/** Characters that no text has: YAML forbids them, and CR alone ends no line here. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|\r(?!\n)/;

/** Words for the errors that the yaml package explains to its callers and not to who wrote the file. */
const WORDS: Partial<Record<YAMLError["code"], string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    "a second key in one value; indent the next line like this one, or put text with a colon in quotes",
  MULTILINE_IMPLICIT_KEY: "no key: value; a colon is missing, or the space after it",
  MULTIPLE_DOCS: "a second document starts here; a file has one environment",
  NON_STRING_KEY: "a key that is a mapping, a list or an alias; put text in quotes that starts with { [ or *",
  TAB_AS_INDENT: "a tab; indent with spaces alone",
  TAG_RESOLVE_FAILED: "a tag that is not known here; put text in quotes that starts with !",
};

/** Text that is no YAML document. */
export class YamlSyntaxError extends Error {
  constructor(
    /** Where in the text. */
    readonly offset: number,
    message: string,
  ) {
    super(`not readable as YAML: ${message}`);
  }
}

/**
 * Reads text as one YAML 1.2 document. Keys are strings however they look, so that `1.10:` stays `1.10`. Duplicate keys
 * pass: yaml-value.ts can say where the first one is.
 *
 * @throws YamlSyntaxError for the first thing that is wrong: what the parser finds after it is mostly noise
 */
export function parseDocument(text: string): Document.Parsed {
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const code = forbidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new YamlSyntaxError(forbidden.index, `the character U+${code} is no text; remove it`);
  }
  const composer = new Composer({
    schema: "core",
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
  });
  const [document, second] = composer.compose(tokens(text), true, text.length);
  const [first] = [...(document?.errors ?? []), ...(document?.warnings ?? [])].sort(
    (a, b) => a.pos[0] - b.pos[0],
  );
  if (first !== undefined) {
    throw new YamlSyntaxError(first.pos[0], WORDS[first.code] ?? first.message);
  }
  if (document === undefined || second !== undefined) {
    throw new YamlSyntaxError(second?.range[0] ?? 0, WORDS.MULTIPLE_DOCS ?? "");
  }
  return document;
}

function* tokens(text: string): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MAXIMUM_DEPTH) {
      throw new YamlSyntaxError(parser.offset, `more than ${MAXIMUM_DEPTH} levels deep`);
    }
  }
  yield* parser.end();
}
