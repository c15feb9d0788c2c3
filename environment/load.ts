import { basename } from "node:path";
import { LineCounter } from "yaml";
import { checkEnvironment, type Checked } from "./define";
import { InvalidEnvironmentError } from "./invalid";
import type { Problem } from "./problem";
import { readText } from "./read-text";
import type { Environment } from "./schema";
import { show } from "./show";
import { parseDocument, YamlSyntaxError } from "./yaml-document";
import { offsetOf, readValue } from "./yaml-value";

/**
 * Reads and checks an environment file.
 *
 * @param file path of a YAML file; its name is the environment's name
 * @throws InvalidEnvironmentError with every problem as `file:line:column  path: what is wrong; what would be right`
 */
export function loadEnvironment(file: string): Environment {
  return parseEnvironment(readText(file), file);
}

/** {@link loadEnvironment} of text that was read before. `file` is for messages, and its name must match. */
export function parseEnvironment(text: string, file: string): Environment {
  const lines = new LineCounter();
  [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)].forEach(lines.addNewLine);
  const place = ({ offset, problem }: Finding): Problem => {
    const { line, col } = lines.linePos(offset);
    return { ...problem, where: `${file}:${line}:${col}` };
  };

  const { environment, findings } = examine(text, file, (offset) => lines.linePos(offset).line);
  if (environment !== undefined && findings.length === 0) {
    return environment;
  }
  throw new InvalidEnvironmentError([...findings].sort((a, b) => a.offset - b.offset).map(place));
}

interface Finding {
  readonly offset: number;
  readonly problem: Problem;
}

interface Examined {
  readonly environment?: Environment;
  readonly findings: readonly Finding[];
}

function examine(text: string, file: string, lineOf: (offset: number) => number): Examined {
  try {
    const { root, duplicates } = readValue(parseDocument(text));
    const { environment, problems = [] } = check(root.value);
    return {
      environment,
      findings: [
        ...duplicates.map(({ path, offset, firstOffset }) => ({
          offset,
          problem: { path, message: `is there twice; line ${lineOf(firstOffset)} has it first`, atKey: true },
        })),
        ...[...problems, ...fileName(root.value, file)].map((problem) => ({
          offset: offsetOf(root, problem),
          problem,
        })),
      ],
    };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) {
      throw error;
    }
    return { findings: [{ offset: error.offset, problem: { path: [], message: error.message } }] };
  }
}

const EMPTY: Problem = {
  path: [],
  message: "has no environment in it; start it like environment: development",
};

const check = (value: unknown): Checked => (value === null ? { problems: [EMPTY] } : checkEnvironment(value));

function fileName(value: unknown, file: string): Problem[] {
  const name = (value as { environment?: unknown } | null)?.environment;
  return typeof name === "string" && basename(file) !== `${name}.yaml`
    ? [
        {
          path: ["environment"],
          message: `${show(name)} is in a file named ${basename(file)}; rename the one or the other`,
        },
      ]
    : [];
}
