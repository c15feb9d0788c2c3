import { isObject } from "../../environment/json-object";

/** Stands for a value that Terraform calls sensitive. A symbol: no text of it can be made by accident, nor JSON. */
export const SENSITIVE: unique symbol = Symbol("sensitive");

/** Stands for a value that only an apply will know. */
export const UNKNOWN: unique symbol = Symbol("known after apply");

/** A value of a plan without what nobody may see. */
export type Masked =
  string | number | boolean | null | typeof SENSITIVE | typeof UNKNOWN | readonly Masked[] | MaskedObject;

export interface MaskedObject {
  readonly [key: string]: Masked;
}

/**
 * A value with its sensitive and unknown parts replaced.
 *
 * @param sensitive as Terraform writes it: `true` for all of it, or the shape of the value with `true` in places. A
 *   shape that does not fit the value hides all of it.
 * @param unknown the same for what is known after the apply; it may name keys that the value has not
 */
export function masked(value: unknown, sensitive: unknown, unknown: unknown): Masked {
  if (sensitive === true) {
    return SENSITIVE;
  }
  if (unknown === true) {
    return UNKNOWN;
  }
  if (!marksAny(sensitive) && !marksAny(unknown)) {
    return (value ?? null) as Masked;
  }
  if (Array.isArray(value) || (isAbsent(value) && Array.isArray(unknown))) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    if (!fits(sensitive, Array.isArray)) {
      return SENSITIVE;
    }
    const length = Math.max(items.length, Array.isArray(unknown) ? unknown.length : 0);
    return Array.from({ length }, (_, i) => masked(items[i], childOf(sensitive, i), childOf(unknown, i)));
  }
  if (isObject(value) || (isAbsent(value) && isObject(unknown))) {
    if (!fits(sensitive, isObject)) {
      return SENSITIVE;
    }
    return Object.fromEntries(
      keysOf(value, unknown).map((key) => [
        key,
        masked(childOf(value, key), childOf(sensitive, key), childOf(unknown, key)),
      ]),
    );
  }
  return marksAny(sensitive) ? SENSITIVE : ((value ?? null) as Masked);
}

/** Whether a mask has `true` anywhere. */
export function marksAny(mask: unknown): boolean {
  return mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(marksAny));
}

export const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

/** An item or a key's value. Names of what every object inherits are none of its keys. */
export const childOf = (value: unknown, key: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string | number, unknown>>)[key]
    : undefined;

/** All keys of the objects among these, sorted. */
export const keysOf = (...values: readonly unknown[]): string[] =>
  [...new Set(values.filter(isObject).flatMap((value) => Object.keys(value)))].sort();

const fits = (sensitive: unknown, isShape: (value: unknown) => boolean) =>
  isShape(sensitive) || !marksAny(sensitive);
