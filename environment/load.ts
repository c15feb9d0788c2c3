import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { checkEnvironment, InvalidEnvironmentError } from "./define";
import { showPath, type Path, type Problem } from "./problem";
import type { Environment } from "./schema";

/** Files above this size are refused unread: the largest sensible one is a few kilobytes. */
const MAXIMUM_BYTES = 1024 * 1024;

/**
 * Reads and checks an environment file.
 *
 * @param file path of a YAML file; its name is the environment's name
 * @throws InvalidEnvironmentError with every problem as `file:line:column  path: what is wrong; what would be right`
 */
export function loadEnvironment(file: string): Environment {
  const bytes = read(file);
  return parseEnvironment(bytes, file);
}

/** {@link loadEnvironment} of text that was read before. `file` is for messages, and its name must match. */
export function parseEnvironment(text: string, file: string): Environment {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2", strict: true });
  const lines: { at: number; line: string; problem: Problem }[] = [];
  const report = (offset: number, problem: Problem) => {
    const { line, col } = lineCounter.linePos(offset);
    const place = showPath(problem.path);
    lines.push({
      at: offset,
      line: `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}  ${place === "" ? "" : `${place}: `}${problem.message}`,
      problem,
    });
  };

  for (const error of [...document.errors, ...document.warnings]) {
    report(error.pos[0], { path: [], message: `not readable as YAML: ${error.message.trim()}` });
  }
  if (lines.length === 0) {
    const value = toValue(document, report);
    const checked = lines.length === 0 ? checkEnvironment(value) : { problems: [] as Problem[] };
    const problems = [...(checked.problems ?? []), ...fileName(value, file)];
    for (const problem of problems) {
      report(offsetOf(document, problem), problem);
    }
    if (checked.environment && lines.length === 0) {
      return checked.environment;
    }
  }
  lines.sort((a, b) => a.at - b.at);
  throw new InvalidEnvironmentError(
    lines.map(({ problem }) => problem),
    lines.map(({ line }) => line),
  );
}

/** Names of the environments in a folder, sorted. Other files (schema.json) are none of its business. */
export function listEnvironments(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

export const environmentFile = (folder: string, name: string) => join(folder, `${name}.yaml`);

function read(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`;
    throw new InvalidEnvironmentError([{ path: [], message: why }], [`${file}: ${why}`]);
  }
  const refuse = (why: string) =>
    new InvalidEnvironmentError([{ path: [], message: why }], [`${file}:1:1  ${why}`]);
  if (bytes.length > MAXIMUM_BYTES) {
    throw refuse(`has ${bytes.length} bytes; an environment file has at most ${MAXIMUM_BYTES}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("is not UTF-8 text");
  }
}

function toValue(document: Document.Parsed, report: (offset: number, problem: Problem) => void): unknown {
  try {
    // 20 aliases are plenty for a file by hand, and far from what it takes to fill the memory.
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    report(0, { path: [], message: `not readable as YAML: ${(error as Error).message}` });
    return undefined;
  }
}

function fileName(value: unknown, file: string): Problem[] {
  const name = (value as { environment?: unknown } | null)?.environment;
  const stem = basename(file).replace(/\.ya?ml$/, "");
  return typeof name === "string" && name !== stem
    ? [
        {
          path: ["environment"],
          message: `${name} is in a file named ${basename(file)}; name the file ${name}.yaml`,
        },
      ]
    : [];
}

/** Where a problem is in the text; a missing value is at its parent. */
function offsetOf(document: Document.Parsed, problem: Problem): number {
  for (let length = problem.path.length; length >= 0; length--) {
    const path = problem.path.slice(0, length);
    const offset = nodeOffset(document, path, problem.atKey === true || length < problem.path.length);
    if (offset !== undefined) {
      return offset;
    }
  }
  return 0;
}

function nodeOffset(document: Document.Parsed, path: Path, atKey: boolean): number | undefined {
  let node: Node | null = document.contents;
  let key: Node | null = node;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(step),
      );
      if (pair === undefined) {
        return undefined;
      }
      key = pair.key as Node;
      node = (pair.value as Node | null) ?? key;
    } else if (isSeq(node)) {
      key = node = (node.items[Number(step)] as Node | undefined) ?? null;
      if (node === null) {
        return undefined;
      }
    } else {
      return undefined;
    }
  }
  return (atKey ? key : node)?.range?.[0];
}
