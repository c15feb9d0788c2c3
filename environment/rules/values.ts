import { showPath, valueAt, type Path, type Problem } from "../problem";

/** How rules read a value of which nothing is known yet. */

export const isMapping = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const entries = (root: unknown, path: Path): [string, Path][] => {
  const value = valueAt(root, path);
  return isMapping(value) ? Object.keys(value).map((key) => [key, [...path, key]]) : [];
};

export const strings = (root: unknown, path: Path): { text: string; path: Path }[] => {
  const value = valueAt(root, path);
  return Array.isArray(value)
    ? value.flatMap((text, i) => (typeof text === "string" ? [{ text, path: [...path, i] }] : []))
    : [];
};

export function duplicates(items: readonly { text: string; path: Path }[], noun: string): Problem[] {
  const first = new Map([...items].reverse().map(({ text, path }) => [text, path]));
  return items
    .filter(({ text, path }) => first.get(text) !== path)
    .map(({ text, path }) => ({
      path,
      message: `${noun} ${text} is there twice; ${showPath(first.get(text) ?? [])} names it first`,
    }));
}
