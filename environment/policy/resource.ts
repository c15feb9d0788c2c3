import { isObject } from "../json-object";

/**
 * A resource as the checks see it: plain values in Terraform's own spelling, whether they come from a stack that was
 * synthesized or from a plan. A value that only an apply will know is an expression (`${…}`) or is not there, and passes:
 * a plan shows it.
 */
export interface Resource {
  /** `aws_vpc.vpc_3F01`, or `data.aws_iam_policy_document.trust_1A2B`. */
  readonly address: string;
  readonly type: string;
  readonly values: Values;
}

export type Values = Readonly<Record<string, unknown>>;

/** What the checks know beside a resource itself. */
export interface Surroundings {
  readonly environment: string;
  /** ARN of the role that applies the platform stacks. */
  readonly deployer: string;
  readonly resources: readonly Resource[];
  /** Tags that a resource's provider gives to all that it makes. */
  readonly defaultTags: (resource: Resource) => Values;
  /** Whether resources of this one's type have tags at all. Asked only of those whose tags are not known otherwise. */
  readonly hasTags: (resource: Resource) => boolean;
}

/** One thing that is wrong with a resource, and what would be right. */
export interface Complaint {
  readonly wrong: string;
  readonly right: string;
}

/** A check of one resource. */
export type Check = (resource: Resource, around: Surroundings) => readonly Complaint[];

/** Blocks of a name: Terraform's JSON writes one as an object, several as a list, and generated ones as `dynamic`. */
export function blocks(values: Values, name: string): Values[] {
  const own = values[name];
  const dynamic = isObject(values.dynamic) ? values.dynamic[name] : undefined;
  return [
    ...(Array.isArray(own) ? own : [own]),
    ...(Array.isArray(dynamic) ? dynamic : [dynamic]).map((block) => isObject(block) && block.content),
  ].filter(isObject);
}

/** The items of a list, or of what Terraform would make a list of. */
export const items = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** Text that Terraform will put another value into. */
export const isExpression = (value: unknown): value is string =>
  typeof value === "string" && /[$%]\{/.test(value);

/** `true` in any of Terraform's spellings. */
export const isTrue = (value: unknown) => value === true || value === "true";

/** Neither true nor something that only an apply will tell. */
export const isNotTrue = (value: unknown) => !isTrue(value) && !isExpression(value);

/** What a value is, in a sentence of its own: `encrypted is false`, `encrypted is not set`. */
export const said = (name: string, value: unknown) =>
  value === undefined || value === null ? `${name} is not set` : `${name} is ${JSON.stringify(value)}`;

/** The resource of a type that a value refers to, among those of the same stack. */
export function referred(value: unknown, type: string, around: Surroundings): Resource | undefined {
  const name = typeof value === "string" ? new RegExp(`\\b${type}\\.([\\w-]+)`).exec(value)?.[1] : undefined;
  return name === undefined
    ? undefined
    : around.resources.find(({ address }) => address === `${type}.${name}`);
}

/** Whether any value of a resource refers to another. */
export const refersTo = (resource: Resource, { address }: Resource): boolean =>
  new RegExp(`\\b${address.replace(/[.]/g, "\\.")}(?![\\w-])`).test(textOf(resource.values));

const texts = new WeakMap<Values, string>();

/** A resource's values as text, made once: it is looked through for each of many others. */
function textOf(values: Values): string {
  const text = texts.get(values) ?? JSON.stringify(values);
  texts.set(values, text);
  return text;
}
