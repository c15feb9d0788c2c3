import { kubernetesName, type Field, type Fields } from "./shape";

/** A value in a manifest. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** Something that cannot be said in a manifest. */
export interface Problem {
  /** Terraform's way to it, from the resource on: `spec.template.spec.container[0].image`. */
  readonly path: string;
  readonly message: string;
}

/** Converts the fields of one block; what cannot be converted is left out and told in `problems`. */
export function convertFields(code: unknown, fields: Fields, path: string, problems: Problem[]): Value {
  const say = (message: string, at = path) => void problems.push({ path: at, message });
  if (!isObject(code)) {
    say(`is ${show(code)}, not a block`);
    return {};
  }
  const converted: [string, Value][] = [];
  for (const [name, value] of Object.entries(code)) {
    const at = path === "" ? name : `${path}.${name}`;
    const field = fields[name];
    // cdktf writes its own remarks under //, and null is Terraform's word for a value that is not set.
    if (name === "//" || value === null) {
      continue;
    }
    if (field === undefined) {
      say("is not known here", at);
    } else if (field.type !== "dropped") {
      const result = convert(value, field, at, problems);
      if (result !== undefined) {
        converted.push([kubernetesName(name, field), result]);
      }
    }
  }
  return Object.fromEntries(converted);
}

function convert(value: unknown, field: Field, path: string, problems: Problem[]): Value | undefined {
  const refuse = (wanted: string) => void problems.push({ path, message: `is ${show(value)}, not ${wanted}` });
  const each = <T>(one: (item: unknown, at: string) => T | undefined): T[] | undefined => {
    if (!Array.isArray(value)) {
      return refuse("a list");
    }
    return value.flatMap((item, index) => one(item, `${path}[${index}]`) ?? []);
  };
  switch (field.type) {
    case "text":
      return literal(value, path, problems);
    case "texts":
      return each((item, at) => literal(item, at, problems));
    case "boolean":
      return typeof value === "boolean" ? value : refuse("true or false");
    case "integer":
      return wholeNumber(value) ?? refuse("a whole number");
    case "integers":
      return each((item, at) => wholeNumber(item) ?? void problems.push({ path: at, message: `is ${show(item)}, not a whole number` }));
    case "integer-or-text":
      return wholeNumber(value) ?? literal(value, path, problems);
    case "octal":
      return typeof value === "string" && /^[0-7]{3,4}$/.test(value)
        ? parseInt(value, 8)
        : refuse('a mode in octal, such as "0444"');
    case "map":
      return convertMap(value, path, problems);
    case "block": {
      // Terraform takes a list of one for a single block.
      const only = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
      return convertFields(only, field.fields, path, problems);
    }
    case "blocks":
      return each((item, at) => convertFields(item, field.fields, at, problems));
    case "dropped":
      return undefined;
  }
}

function convertMap(value: unknown, path: string, problems: Problem[]): Value | undefined {
  if (!isObject(value)) {
    problems.push({ path, message: `is ${show(value)}, not a map` });
    return undefined;
  }
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    const at = `${path}[${JSON.stringify(name)}]`;
    return [literal(name, at, problems) ?? name, literal(text, at, problems) ?? ""];
  });
  return Object.fromEntries(entries);
}

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === "string" && /^-?\d+$/.test(value)
    ? Number(value)
    : typeof value === "number" && Number.isInteger(value)
      ? value
      : undefined;

/**
 * A string as Terraform reads it: every string of its JSON is a template, in which `$${` and `%%{` stand for `${` and
 * `%{`. What is left of a template would be known to Terraform alone.
 */
function literal(value: unknown, path: string, problems: Problem[]): string | undefined {
  if (typeof value !== "string") {
    problems.push({ path, message: `is ${show(value)}, not a string` });
    return undefined;
  }
  const reference = /(?<![$%])(?:\$\$|%%)*([$%]\{[^}]*\}?)/.exec(value)?.[1];
  if (reference !== undefined) {
    problems.push({ path, message: `holds ${reference}, which only Terraform can resolve` });
  }
  return value.replace(/([$%])\1\{/g, "$1{");
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function show(value: unknown): string {
  const json = JSON.stringify(value) ?? "undefined";
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}
