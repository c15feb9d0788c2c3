import { isObject } from "../../environment/json-object";
import { childOf } from "./masked";

/** Shorter ones stand in any text. */
const SHORTEST = 8;

/** JSON within JSON is as deep as people write it: a policy in a template's variables, in user data. */
const DEEPEST = 3;

/** Takes the secrets out of a text that people will see. Nobody can ask it which they are. */
export type Hide = (text: string) => string;

/**
 * Secrets of a plan's resources, wherever they are repeated. Terraform forgets that a value is sensitive when a provider
 * gives it back under another name, such as `output` of `terraform_data`.
 *
 * What is read of data sources is left out: Terraform calls every parameter's value sensitive, and most are ids of images.
 */
export function hiding(changes: readonly unknown[]): Hide {
  const found = new Set<string>();
  for (const one of changes) {
    const change = childOf(one, "change");
    if (childOf(one, "mode") === "data" || isPlainParameter(one)) continue;
    for (const side of ["before", "after"]) {
      collect(childOf(change, side), childOf(change, `${side}_sensitive`), found);
    }
  }
  const secrets = [...found].sort((one, other) => other.length - one.length || (one < other ? -1 : 1));
  return (text) =>
    secrets.reduce(
      (rest, secret) => (rest.includes(secret) ? rest.replaceAll(secret, () => "(sensitive)") : rest),
      text,
    );
}

/** Parameters that are encrypted are secrets; names of clusters and their entries in the registry are not. */
const isPlainParameter = (one: unknown) =>
  childOf(one, "type") === "aws_ssm_parameter" &&
  ["before", "after"].every((side) => {
    const values = childOf(childOf(one, "change"), side);
    return !isObject(values) || childOf(values, "type") === "String";
  });

function collect(value: unknown, mask: unknown, found: Set<string>): void {
  if (typeof value === "string" && mask === true) {
    // A text of several lines may be quoted a line at a time, and any text within JSON.
    for (const part of [value, ...value.split("\n")].filter(({ length }) => length >= SHORTEST)) {
      for (const written of [part, ...escaped(part, escape), ...escaped(part, escapeAsGo)])
        found.add(written);
    }
  } else if (typeof value === "number" && mask === true) {
    // Its sign says nothing without it.
    const digits = String(Math.abs(value));
    if (digits.replace(/\D/g, "").length >= SHORTEST) found.add(digits);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, mask === true ? true : childOf(mask, Array.isArray(value) ? Number(key) : key), found);
    }
  }
}

/** A text as it stands in JSON, in JSON within JSON, and so on. */
function escaped(text: string, once: (text: string) => string): string[] {
  const all: string[] = [];
  for (let written = text; all.length < DEEPEST;) {
    written = once(written);
    all.push(written);
  }
  return all;
}

const escape = (text: string) => JSON.stringify(text).slice(1, -1);

/** Terraform's `jsonencode` also escapes what HTML would take for its own, and U+2028 and U+2029. */
const escapeAsGo = (text: string) =>
  escape(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
