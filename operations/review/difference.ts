import { isObject } from "../../environment/json-object";
import { childOf, isAbsent, keysOf, marksAny } from "./masked";
import type { AttributeChange, Shown } from "./model";

/** A value of a plan before it is masked, with what Terraform says of its parts. */
export interface Marked {
  readonly value: unknown;
  readonly sensitive: unknown;
  readonly unknown: unknown;
}

/**
 * The leaves in which two values differ, by path. A leaf is also an empty list or mapping, and what is sensitive or
 * unknown as a whole. What is sensitive on one side is shown on neither: the other one is the same secret of another day.
 */
export function differences(before: Marked, after: Marked): AttributeChange[] {
  const found: AttributeChange[] = [];
  compare(before, after, "", found);
  return found;
}

/** What is known of a new value, by path. */
export const knownLeaves = (after: Marked): AttributeChange[] =>
  differences(NOTHING, after).filter(({ after: { kind } }) => kind === "value" || kind === "sensitive");

const NOTHING: Marked = { value: undefined, sensitive: false, unknown: false };

function compare(before: Marked, after: Marked, path: string, found: AttributeChange[]): void {
  if (isSecret(before) || isSecret(after)) {
    const isSame = after.unknown !== true && same(before.value, after.value);
    if (!isSame || isSecret(before) !== isSecret(after)) {
      found.push({ path, before: shownSecret(before), after: shownSecret(after) });
    }
  } else if (after.unknown === true || !(isContainer(before, after) && hasChildren(before, after))) {
    if (after.unknown === true || !same(before.value, after.value)) {
      found.push({ path, before: shown(before), after: shown(after) });
    }
  } else {
    const isList = Array.isArray(before.value) || Array.isArray(after.value) || Array.isArray(after.unknown);
    for (const key of isList ? indexes(before, after) : keysOf(before.value, after.value, after.unknown)) {
      compare(part(before, key), part(after, key), joined(path, key), found);
    }
  }
}

/** All of it is sensitive, or what is said of it does not fit: then nobody knows which part is. */
const isSecret = ({ value, sensitive }: Marked) =>
  sensitive === true ||
  (marksAny(sensitive) &&
    !isAbsent(value) &&
    !(Array.isArray(value) ? Array.isArray : isObject)(sensitive)) ||
  (marksAny(sensitive) && !isAbsent(value) && typeof value !== "object");

/** Both are lists, or both are mappings, as far as they are there. */
function isContainer(before: Marked, after: Marked): boolean {
  const sides = [before.value, after.value, after.unknown].filter(
    (side) => !isAbsent(side) && side !== false && side !== true,
  );
  return sides.every(Array.isArray) || sides.every(isObject);
}

const hasChildren = (before: Marked, after: Marked) =>
  [before.value, after.value, after.unknown].some(
    (side) => typeof side === "object" && side !== null && Object.keys(side).length > 0,
  );

function indexes(before: Marked, after: Marked): number[] {
  const lengths = [before.value, after.value, after.unknown].map((side) =>
    Array.isArray(side) ? side.length : 0,
  );
  return Array.from({ length: Math.max(...lengths) }, (_, i) => i);
}

const part = ({ value, sensitive, unknown }: Marked, key: string | number): Marked => ({
  value: childOf(value, key),
  sensitive: childOf(sensitive, key),
  unknown: childOf(unknown, key),
});

function shown({ value, sensitive, unknown }: Marked): Shown {
  if (unknown === true) {
    return { kind: "unknown" };
  }
  if (isAbsent(value)) {
    return { kind: "absent" };
  }
  // A part of it is a secret, and what is shown here is the whole.
  return marksAny(sensitive) ? { kind: "sensitive" } : { kind: "value", json: JSON.stringify(value) };
}

const shownSecret = ({ value, unknown }: Marked): Shown =>
  unknown === true ? { kind: "unknown" } : { kind: isAbsent(value) ? "absent" : "sensitive" };

/** `a.b[0].c`, and `tags["skyline:environment"]`. */
export const joined = (path: string, key: string | number): string =>
  typeof key === "number"
    ? `${path}[${key}]`
    : !/^[A-Za-z_][\w-]*$/.test(key)
      ? `${path}[${JSON.stringify(key)}]`
      : path === ""
        ? key
        : `${path}.${key}`;

/** Nothing on one side and empty on the other, which Terraform's provider tells apart, and AWS does not. */
export const isOfNothing = ({ before, after }: AttributeChange): boolean =>
  [before, after].every(
    (side) => side.kind === "absent" || (side.kind === "value" && ['""', "[]", "{}"].includes(side.json)),
  );

/** Whether two values are the same; one that is not there is the same as null. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other || (isAbsent(one) && isAbsent(other))) {
    return true;
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, i) => same(item, other[i]));
  }
  return (
    isObject(one) &&
    isObject(other) &&
    keysOf(one, other).every((key) => same(childOf(one, key), childOf(other, key)))
  );
}
