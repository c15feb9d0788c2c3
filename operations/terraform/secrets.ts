import { isObject } from "../../environment/json-object";

/**
 * Values that Terraform marks as sensitive, by a variable, an output or a provider's schema, as texts. Terraform hides
 * them in what it prints itself; a provider that quotes one in an error does not.
 *
 * @param document of `terraform show -json`: a plan or a state, read by `parseExactly` so that long numbers are known as
 *   they are quoted
 */
export function secretsOf(document: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  collect(document, found);
  return found;
}

/** Defaults of a stack's sensitive variables, of its code. */
export function secretsOfCode(code: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const variables = isObject(code) && isObject(code.variable) ? Object.values(code.variable) : [];
  for (const variable of variables.flat()) {
    if (isObject(variable) && variable.sensitive === true) {
      addAll(variable.default, found);
    }
  }
  return found;
}

/** Which mask belongs to which value, wherever a plan or a state has the two beside each other. */
const MASKS = [
  ["before", "before_sensitive"],
  ["after", "after_sensitive"],
  ["values", "sensitive_values"],
  ["value", "sensitive"],
] as const;

function collect(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    value.forEach((item) => collect(item, found));
    return;
  }
  if (!isObject(value)) {
    return;
  }
  MASKS.forEach(([name, mask]) => addMasked(value[name], value[mask], found));
  Object.values(value).forEach((inner) => collect(inner, found));
}

function addMasked(value: unknown, mask: unknown, found: Set<string>): void {
  if (mask === true) {
    addAll(value, found);
  } else if (Array.isArray(mask) && Array.isArray(value)) {
    mask.forEach((inner, index) => addMasked(value[index], inner, found));
  } else if (isObject(mask) && isObject(value)) {
    Object.entries(mask).forEach(([key, inner]) => addMasked(value[key], inner, found));
  } else if (typeof mask === "object" && mask !== null && Object.keys(mask).length > 0) {
    // A mask that does not fit its value hides all of it.
    addAll(value, found);
  }
}

/** Shorter ones stand in any text; they are no secrets that masking could keep. */
const SHORTEST = 4;

function addAll(value: unknown, found: Set<string>): void {
  if (typeof value === "string" || typeof value === "number") {
    const text = String(value);
    // A text of several lines is quoted a line at a time.
    [text, ...text.split("\n")]
      .filter(({ length }) => length >= SHORTEST)
      .forEach((part) => found.add(part).add(JSON.stringify(part).slice(1, -1)));
  } else if (typeof value === "object" && value !== null) {
    // An `ExactNumber` is its text.
    Object.values(value).forEach((inner) => addAll(inner, found));
  }
}

/** Shorter ones than this are hidden where they stand alone: `alpha`, but not the end of `development-alpha`. */
const LIKELY_A_WORD = 8;

/** Puts `(sensitive value)` in the place of each secret; the longest first, so that none leaves a part behind. */
export function masked(...secrets: readonly ReadonlySet<string>[]): (text: string) => string {
  const all = [...new Set(secrets.flatMap((set) => [...set]))].sort(
    (one, other) => other.length - one.length,
  );
  return (text) => all.reduce((rest, secret) => rest.replace(patternOf(secret), "(sensitive value)"), text);
}

function patternOf(secret: string): RegExp {
  const literal = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(
    secret.length < LIKELY_A_WORD ? `(?<![\\w-]|\\w\\.)${literal}(?![\\w-]|\\.\\w)` : literal,
    "g",
  );
}
