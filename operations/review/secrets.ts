import { childOf, isObject } from "./masked";

/** Shorter ones stand in any text. */
const SHORTEST = 8;

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
      found.add(part).add(JSON.stringify(part).slice(1, -1));
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, mask === true ? true : childOf(mask, Array.isArray(value) ? Number(key) : key), found);
    }
  }
}
