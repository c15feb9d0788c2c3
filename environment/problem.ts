import type { z } from "zod";
import { show } from "./schema-types";
import { didYouMean } from "./suggestion";

/** A place in an environment: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with an environment, and what would be right. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The problem is the key itself and not its value: a position points at the key. */
  readonly atKey?: boolean;
}

type Issue = z.core.$ZodIssue;

export const showPath = (path: Path): string =>
  path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");

/** Zod's issues as problems, one for each unknown key and for each value. */
export function problemsOf(issues: readonly Issue[], root: unknown): Problem[] {
  return issues.flatMap((issue) => describe(issue, [], root));
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
    case "invalid_key":
      return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }];
    case "invalid_union":
      return describeUnion(issue, path, value, root);
    case "invalid_value": {
      const values = issue.values.map(String);
      const wanted = values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
      const message =
        value === undefined
          ? `is missing; it wants ${wanted}`
          : `${show(value)} is not allowed; write ${wanted}${didYouMean(String(value), values)}`;
      // A schema's own words are better than a list of one.
      return [{ path, message: issue.message.startsWith("Invalid") ? message : issue.message }];
    }
    case "invalid_type":
      return [
        { path, message: isDefaultMessage(issue) ? describeType(issue.expected, value) : issue.message },
      ];
    default:
      return [{ path, message: issue.message }];
  }
}

const isDefaultMessage = (issue: Issue) => issue.message.startsWith("Invalid input");

function describeType(expected: string, value: unknown): string {
  const noun =
    expected === "object" || expected === "record" ? "a mapping of keys to values" : `a ${expected}`;
  return value === undefined || value === null
    ? `is missing; it wants ${noun}`
    : `${show(value)} is no ${noun.slice(2)}`;
}

/** A cluster of an unknown kind, or a value that has none of several forms. */
function describeUnion(
  issue: Issue & { code: "invalid_union" },
  path: Path,
  value: unknown,
  root: unknown,
): Problem[] {
  if (issue.discriminator !== undefined) {
    const kinds = ["self-managed", "eks"];
    const message =
      value === undefined
        ? `is missing; it wants one of ${kinds.join(", ")}`
        : `${show(value)} is not allowed; write one of ${kinds.join(", ")}${didYouMean(String(value), kinds)}`;
    return [{ path, message }];
  }
  // The form whose keys are all there, with no other beside them, is the one that was meant.
  const forms = issue.errors.map((errors) => errors.flatMap((inner) => describe(inner, path, root)));
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
  const what =
    value === undefined || value === null ? "is missing" : `${show(value)} has none of the forms known here`;
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
