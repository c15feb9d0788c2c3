import type { z } from "zod";
import { absence, show } from "./show";
import { didYouMean } from "./suggestion";

/** A place in an environment: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with an environment, and what would be right. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The problem is the key itself and not its value: a position points at the key. */
  readonly atKey?: boolean;
  /** `file:line:column`, or the file alone when it could not be read. An environment in TypeScript has none. */
  readonly where?: string;
}

type Issue = z.core.$ZodIssue;

/** `clusters.bravo.workers.general.labels["example.com/team"]` */
export const showPath = (path: Path): string =>
  path
    .map((step, i) => {
      const plain = typeof step === "string" && /^[\w-]+$/.test(step);
      return plain ? `${i === 0 ? "" : "."}${step}` : `[${show(step)}]`;
    })
    .join("");

/** A problem on one line: its place in the file, its path, what is wrong. */
export function showProblem(problem: Problem): string {
  const { where, path } = problem;
  const text = showWithoutPlace(problem);
  return where !== undefined
    ? `${printable(where)}  ${text}`
    : path.length > 0
      ? text
      : `environment: ${text}`;
}

/** {@link showProblem} without the place in the file. */
export const showWithoutPlace = ({ path, message }: Problem): string =>
  printable(path.length > 0 ? `${showPath(path)}: ${message}` : message);

/** Text that stays on its line and leaves a terminal alone, whatever characters a file brings into it. */
const printable = (text: string) =>
  text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

/** Zod's issues as problems, one for each unknown key and for each value. */
export function problemsOf(issues: readonly Issue[], root: unknown, prefix: Path = []): Problem[] {
  // Zod checks the length of what is no list, too.
  const placeOf = (issue: Issue) => showPath(steps(issue.path));
  const wrongType = new Set(issues.filter(({ code }) => code === "invalid_type").map(placeOf));
  return issues
    .filter((issue) => issue.code === "invalid_type" || !wrongType.has(placeOf(issue)))
    .flatMap((issue) => describe(issue, prefix, root));
}

const steps = (path: readonly PropertyKey[]): Path =>
  path.map((step) => (typeof step === "symbol" ? String(step) : step));

function describe(issue: Issue, prefix: Path, root: unknown): Problem[] {
  const path = [...prefix, ...steps(issue.path)];
  const value = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = issue.message.split(",");
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown key${didYouMean(key, known)}; known here: ${known.join(", ")}`,
        atKey: true,
      }));
    }
    case "invalid_union":
      return describeUnion(issue, path, value, root);
    case "invalid_value": {
      // A schema's own words are better than a list of one.
      const own = issue.message.startsWith("Invalid") ? undefined : issue.message;
      return [{ path, message: own ?? wantsOneOf(issue.values.map(String), value) }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

function wantsOneOf(values: readonly string[], value: unknown): string {
  const wanted = values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
  const absent = absence(value);
  if (absent !== undefined) {
    return `${absent}; it wants ${wanted}`;
  }
  const hint = typeof value === "string" ? didYouMean(value, values) : "";
  return `${show(value)} is not allowed; write ${wanted}${hint}`;
}

/** A cluster of an unknown kind, or a value that has none of several forms. */
function describeUnion(
  issue: Issue & { code: "invalid_union" },
  path: Path,
  value: unknown,
  root: unknown,
): Problem[] {
  if ("options" in issue && issue.options !== undefined) {
    return [{ path, message: wantsOneOf(issue.options.map(String), value) }];
  }
  // The form whose keys are all there, with no other beside them, is the one that was meant.
  const forms = issue.errors.map((errors) => problemsOf(errors, root, path));
  const isObject = typeof value === "object" && value !== null;
  const meant = forms.find((problems) => isObject && !problems.some((p) => p.atKey || isAbsent(p, root)));
  if (meant !== undefined) {
    return meant;
  }
  const keys = [
    ...new Set(
      forms
        .flat()
        .filter((p) => isAbsent(p, root))
        .map((p) => String(p.path.at(-1))),
    ),
  ];
  const hint = isObject
    ? Object.keys(value)
        .map((key) => didYouMean(key, keys))
        .find((text) => text !== "")
    : "";
  const what = absence(value) ?? `${show(value)} has none of the forms known here`;
  // A union's own message is the list of its forms.
  return [{ path, message: `${what}${hint ?? ""}; write one of ${issue.message}` }];
}

const isAbsent = (problem: Problem, root: unknown) => valueAt(root, problem.path) === undefined;

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    root,
  );
}
