/** What a JSON object, a YAML mapping or a block of Terraform holds, by name. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that came from outside is one: no null, no list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** It as an object; an empty one when it is none. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
