import { Document, LineCounter } from "yaml";
import type { z } from "zod";
import { isObject } from "../../environment/json-object";
import { InvalidEnvironmentError } from "../../environment/invalid";
import { problemsOf, showProblem, type Path, type Problem } from "../../environment/problem";
import { readText } from "../../environment/read-text";
import { parseDocument, YamlSyntaxError } from "../../environment/yaml-document";
import { offsetOf, readValue } from "../../environment/yaml-value";
import { OperationFailure } from "../failure";

// The YAML that people and Atlantis read beside environment files: read as strictly, and written to the same bytes.

/** What a schema cannot say: of the value as the file has it, also when the schema refuses it. */
export type Rule = (value: unknown) => readonly Problem[];

/**
 * Reads a YAML file of a schema: 64 KiB of UTF-8, one document, no key twice.
 *
 * @throws OperationFailure invalid, with every problem as `file:line:column  path: what is wrong; what would be right`
 */
export function readYaml<T>(file: string, schema: z.ZodType<T>, rule: Rule): T {
  try {
    return parseYaml(readText(file), file, schema, rule);
  } catch (error) {
    if (error instanceof InvalidEnvironmentError) {
      throw new OperationFailure("invalid", error.message);
    }
    throw error;
  }
}

/** {@link readYaml} of text that was read before; `file` is for messages. */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>, rule: Rule): T {
  const lines = new LineCounter();
  [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)].forEach(lines.addNewLine);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  try {
    const { root, duplicates } = readValue(parseDocument(text));
    const parsed = schema.safeParse(root.value);
    const problems: { readonly problem: Problem; readonly offset: number }[] = [
      ...duplicates.map(({ path, offset, firstOffset }) => ({
        problem: { path, message: `is there twice; line ${lines.linePos(firstOffset).line} has it first` },
        offset,
      })),
      ...[...(parsed.success ? [] : problemsOf(parsed.error.issues, root.value)), ...rule(root.value)].map(
        (problem) => ({ problem, offset: offsetOf(root, problem) }),
      ),
    ].sort((one, other) => one.offset - other.offset);
    if (parsed.success && problems.length === 0) {
      return parsed.data;
    }
    throw invalid(problems.map(({ problem, offset }) => ({ ...problem, where: at(offset) })));
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      throw invalid([{ path: [], message: error.message, where: at(error.offset) }]);
    }
    throw error;
  }
}

const invalid = (problems: readonly Problem[]) =>
  new OperationFailure("invalid", problems.map(showProblem).join("\n"));

/** A {@link Rule}: the keys at `path`, which zod would not look behind once one of them is wrong. */
export const keysAre =
  (path: Path, pattern: RegExp, wanted: string): Rule =>
  (value) => {
    const found = path.reduce<unknown>(
      (inner, step) => (isObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined),
      value,
    );
    return Object.keys(isObject(found) ? found : {})
      .filter((key) => !pattern.test(key))
      .map((key) => ({ path: [...path, key], message: `is no ${wanted}`, atKey: true }));
  };

/**
 * A value as YAML that reads alike in YAML 1.1, which Atlantis reads, and 1.2: text that either takes for something else
 * stands in quotes.
 *
 * @param comment lines above it, without their `#`
 */
export function showYaml(comment: readonly string[], value: object): string {
  const document = new Document(value, { version: "1.2", compat: "yaml-1.1", aliasDuplicateObjects: false });
  const text = document.toString({ lineWidth: 0, blockQuote: "literal" });
  return [...comment.map((line) => (line === "" ? "#" : `# ${line}`)), text].join("\n");
}
