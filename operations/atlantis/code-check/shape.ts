import { isObject } from "../../../environment/json-object";
import { blocksBelow, type Code } from "./document";
import { at, quoted, type Problem } from "./finding";

/** Exactly what a value must be: a literal, a list of them, or a function that says what is wrong. */
export type Expected =
  string | boolean | readonly string[] | ((value: unknown, where: string) => Iterable<Problem>);

/**
 * Compares a block with the one shape that it may have. Literals are compared as they are, so none of them can be an
 * expression.
 *
 * @param shape what must be there, all of it, and nothing else but comments
 * @param what the block in words, for messages
 */
export function* differences(
  body: Code,
  where: string,
  shape: Readonly<Record<string, Expected>>,
  what: string,
): Generator<Problem> {
  for (const key of Object.keys(body)) {
    if (key !== "//" && !Object.hasOwn(shape, key)) {
      yield { where: at(where, key), message: `${quoted(key)} is not for ${what}; leave it out` };
    }
  }
  for (const [key, expected] of Object.entries(shape)) {
    const value = Object.hasOwn(body, key) ? body[key] : undefined;
    const place = at(where, key);
    if (typeof expected === "function") {
      yield* expected(value, place);
    } else if (JSON.stringify(value) !== JSON.stringify(expected)) {
      yield { where: place, message: `is ${quoted(value)}, and must be ${quoted(expected)} in ${what}` };
    }
  }
}

/** One nested block, of a shape of its own. */
export const oneBlock =
  (shape: Readonly<Record<string, Expected>>, what: string) =>
  (value: unknown, where: string): Problem[] => {
    const found = value === undefined ? [] : blocksBelow(value, 0, where);
    const [only] = found;
    return only === undefined || found.length > 1 || (Array.isArray(value) && value.length > 1)
      ? [{ where, message: `must be one block in ${what}` }]
      : [...differences(only.body, where, shape, what)];
  };

/** Whether it is an object whose values are strings, none of them an expression. */
export const isLiteralMap = (value: unknown): value is Readonly<Record<string, string>> =>
  isObject(value) &&
  Object.entries(value).every(
    (entry) => typeof entry[1] === "string" && entry.every((text) => !/[$%]\{/.test(String(text))),
  );
