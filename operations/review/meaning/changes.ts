import { isObject } from "../../../environment/json-object";
import { childOf, SENSITIVE, UNKNOWN, type Masked } from "../masked";
import type { PlannedChange } from "../plan";

/** A text of a resource: as it stands, or else as it will; undefined when neither is known. */
export const textOf = (change: PlannedChange, attribute: string): string | undefined =>
  bothSides(change, (side) => textIn(side, attribute)).find((value) => value !== undefined);

/** What is read of a resource as it stands, and as it will. */
export const bothSides = <T>({ before, after }: PlannedChange, read: (side: Masked) => T): [T, T] => [
  read(before),
  read(after),
];

/** A text on one side. */
export function textIn(side: Masked, attribute: string): string | undefined {
  const value = childOf(side, attribute);
  return typeof value === "string" ? value : undefined;
}

/** A tag of a resource: as it stands, or else as it will. */
export const tagOf = (change: PlannedChange, tag: string): string | undefined =>
  bothSides(change, (side) => textIn(childOf(side, "tags") as Masked, tag)).find(
    (value) => value !== undefined,
  );

export function numberIn(side: Masked, attribute: string): number | undefined {
  const value = childOf(side, attribute);
  return typeof value === "number" ? value : undefined;
}

/** Texts of a list; nothing of what is none, or not known. */
export function textsIn(side: Masked, attribute: string): string[] {
  const value = childOf(side, attribute);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Blocks of a name, which a plan always writes as a list. */
export function blocksIn(side: Masked, attribute: string): Masked[] {
  const value = childOf(side, attribute);
  return Array.isArray(value) ? (value as Masked[]).filter((item) => isObject(item)) : [];
}

/** Whether any of an update's leaves is at one of these attributes or below it. */
export const changes = (change: PlannedChange, ...attributes: readonly string[]): boolean =>
  change.attributes.some(({ path }) => isAt(path, attributes));

/** Whether a path is at one of these attributes or below it. */
export const isAt = (path: string, attributes: readonly string[]): boolean =>
  attributes.some(
    (attribute) => path === attribute || path.startsWith(`${attribute}[`) || path.startsWith(`${attribute}.`),
  );

/** It is gone after the apply, or another one stands in its place. What an apply left deposed is not it any more. */
export const ends = ({ action, isDeposed }: PlannedChange): boolean =>
  !isDeposed && (action === "delete" || action === "replace" || action === "replace-first");

export const isReplaced = ({ action }: PlannedChange): boolean =>
  action === "replace" || action === "replace-first";

/** `is replaced`, `is deleted`, for a change that {@link ends} a resource. */
export const ended = (change: PlannedChange): string => (isReplaced(change) ? "is replaced" : "is deleted");

/** A value in a sentence. */
export const said = (value: Masked | undefined): string =>
  value === SENSITIVE
    ? "a sensitive value"
    : value === UNKNOWN
      ? "a value known after the apply"
      : value === undefined || value === null
        ? "nothing"
        : typeof value === "string"
          ? value
          : JSON.stringify(value);
