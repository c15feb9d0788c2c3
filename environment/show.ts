/** A value as a message quotes it: JSON, cut where it grows long. */
export const show = (value: unknown): string => {
  const text = typeof value === "number" ? String(value) : json(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Only TypeScript can hold these: a cycle, a bigint.
    return Object.prototype.toString.call(value);
  }
}

/** What to call a value that is not there; undefined when there is one. */
export const absence = (value: unknown): "is missing" | "is empty" | undefined =>
  value === undefined ? "is missing" : value === null ? "is empty" : undefined;
