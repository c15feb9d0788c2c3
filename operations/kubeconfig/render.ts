import { stringify } from "yaml";

/** An entry of a list, or the whole of a new file, as block YAML without a line break in its end. */
export function block(value: unknown, indent: string, lineBreak: string): string {
  // 1.1, as kubectl reads it: a name like `no` is put in quotes.
  const text = stringify(value, {
    version: "1.1",
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
  });
  return text
    .trimEnd()
    .split("\n")
    .map((line, index) => (index === 0 ? line : indent + line))
    .join(lineBreak);
}

/** Within brackets, where JSON is YAML. */
export const flow = (value: unknown): string => JSON.stringify(value);

/** A name as a plain value. */
export const scalar = (name: string, inFlow: boolean): string =>
  inFlow ? JSON.stringify(name) : stringify(name, { version: "1.1" }).trimEnd();

/** Equal values are equal texts: order, and what is empty, say nothing. kubectl writes `env: null` where there was none. */
export function canonical(value: unknown): string {
  return JSON.stringify(reduced(value)) ?? "null";
}

function reduced(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((item) => reduced(item) ?? null);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .map(([key, inner]) => [key, reduced(inner)] as const)
      .filter(([, inner]) => inner !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  return value === null || value === "" || value === false ? undefined : value;
}
