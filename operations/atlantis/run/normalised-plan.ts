import { OperationFailure } from "../../failure";
import { isObject } from "../../../environment/json-object";
import { ExactNumber } from "../../terraform/exact-json";

/** A value's place in a resource or an output, as `["tags", "Name"]` or `["ingress", 0]`. */
export type Place = readonly (string | number)[];

/** What a plan does to one resource or output: all that two plans can be compared by. */
export interface NormalisedChange {
  /** `aws_vpc.main`, `output.vpc_id`; with its key where a former object of a resource is meant. */
  readonly subject: string;
  /** As Terraform has them: `delete` before `create` is not the same as after it. */
  readonly actions: readonly string[];
  /** Leaves by their places, each as JSON. */
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  /** Places whose value nobody may see, before or after; which of the two is in `rest`. */
  readonly sensitive: ReadonlySet<string>;
  /** Places whose value only the apply will know. */
  readonly unknown: ReadonlySet<string>;
  /** All else that Terraform says of the change, canonical: reasons, imports, which side is sensitive. */
  readonly rest: string;
}

export interface NormalisedPlan {
  /** Sorted by subject. */
  readonly changes: readonly NormalisedChange[];
  /** Parts of the plan that this version does not know: they count, whatever they are. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Parts of a plan that say nothing of what it does: times and versions; what the changes are made from (states and
 * configuration); and what follows from the changes.
 */
const NOISE = new Set([
  ...["format_version", "terraform_version", "timestamp"],
  ...["prior_state", "configuration", "variables", "resource_drift", "relevant_attributes", "checks"],
  ...["planned_values", "applyable", "complete", "errored"],
]);

/**
 * A plan without all that can differ between two plans which do the same.
 *
 * Of an update only those values are kept that it changes, as a review shows them too: a group that its autoscaler has
 * grown meanwhile is changed by Terraform in the same way as before. Of what is made, destroyed or replaced, all are.
 *
 * @param plan of `terraform show -json`, read by `parseExactly`: two numbers that JavaScript would round to one differ
 * @throws OperationFailure invalid, when it is no plan
 */
export function normalise(plan: unknown): NormalisedPlan {
  if (!isRecord(plan) || typeof plan.format_version !== "string" || plan.errored === true) {
    throw new OperationFailure("invalid", "terraform show printed no whole plan");
  }
  const { resource_changes: resources, output_changes: outputs, ...others } = plan;
  const changes = [
    ...listOf(resources).filter(doesSomething).map(resourceChange),
    ...Object.entries(recordOf(outputs))
      .filter(([, change]) => !isNoOp(recordOf(change).actions))
      .map(([name, change]) => normalisedChange(`output.${name}`, recordOf(change), {})),
  ];
  return {
    changes: changes.sort((one, other) => (one.subject < other.subject ? -1 : 1)),
    others: new Map(
      Object.entries(others)
        .filter(([name]) => !NOISE.has(name))
        .map(([name, value]) => [name, canonical(value)]),
    ),
  };
}

/** Whether an apply of it would do nothing. */
export const isEmpty = ({ changes, others }: NormalisedPlan): boolean =>
  changes.length === 0 && others.size === 0;

/** The same text for the same plan. */
export function textOf({ changes, others }: NormalisedPlan): string {
  return canonical([
    changes.map(({ subject, actions, before, after, unknown, rest }) => [
      subject,
      actions,
      sorted(before),
      sorted(after),
      [...unknown].sort(),
      rest,
    ]),
    sorted(others),
  ]);
}

const sorted = (map: ReadonlyMap<string, string>) =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1));

/** A move or an import is something, though it changes no value; data that is read is nothing. */
function doesSomething(resource: unknown): boolean {
  const { change, previous_address: previous } = recordOf(resource);
  const { actions, importing } = recordOf(change);
  return !isNoOp(actions) || previous !== undefined || isRecord(importing);
}

const isNoOp = (actions: unknown) =>
  Array.isArray(actions) && actions.every((action) => action === "no-op" || action === "read");

function resourceChange(resource: unknown): NormalisedChange {
  const { address, change, ...others } = recordOf(resource);
  if (typeof address !== "string" || !isRecord(change)) {
    throw new OperationFailure("invalid", "terraform show printed a change without an address");
  }
  const { deposed } = others;
  return normalisedChange(typeof deposed === "string" ? `${address} (${deposed})` : address, change, others);
}

function normalisedChange(
  subject: string,
  change: Record<string, unknown>,
  others: Record<string, unknown>,
): NormalisedChange {
  const { actions, before, after, before_sensitive, after_sensitive, ...more } = change;
  const { after_unknown, replace_paths, ...rest } = more;
  const [old, next] = [leavesOf(before), leavesOf(after)];
  if (isUpdate(actions)) {
    for (const [place, value] of old) {
      if (next.get(place) === value && !isIdentity(place)) {
        old.delete(place);
        next.delete(place);
      }
    }
  }
  return {
    subject,
    actions: listOf(actions).map(String),
    before: old,
    after: next,
    sensitive: new Set([...marked(before_sensitive), ...marked(after_sensitive)]),
    unknown: new Set(marked(after_unknown)),
    rest: canonical([
      rest,
      others,
      // Which of the two was marked matters, too.
      [marked(before_sensitive), marked(after_sensitive)],
      listOf(replace_paths).map(canonical).sort(),
    ]),
  };
}

const isUpdate = (actions: unknown) =>
  Array.isArray(actions) && actions.length === 1 && actions[0] === "update";

/** Another object under the same address is another change. */
const isIdentity = (place: string) => place === keyOf(["id"]) || place === keyOf(["arn"]);

const keyOf = (place: Place) => JSON.stringify(place);

/** Values that hold no others, by place; an empty list or object is one, nothing at all is none. */
function leavesOf(value: unknown, place: Place = [], found = new Map<string, string>()): Map<string, string> {
  const entries = childrenOf(value);
  if (entries.length > 0) {
    entries.forEach(([key, inner]) => leavesOf(inner, [...place, key], found));
  } else if (value !== undefined && !(value === null && place.length === 0)) {
    found.set(keyOf(place), canonical(value));
  }
  return found;
}

/** Places that a mask marks, sorted. */
function marked(mask: unknown, place: Place = []): string[] {
  return mask === true
    ? [keyOf(place)]
    : childrenOf(mask)
        .flatMap(([key, inner]) => marked(inner, [...place, key]))
        .sort();
}

function childrenOf(value: unknown): (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) {
    return value.map((item, index) => [index, item] as const);
  }
  return isRecord(value) ? Object.entries(value) : [];
}

/** JSON with sorted keys, and with each number as it was written. */
function canonical(value: unknown): string {
  if (value instanceof ExactNumber) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (!isRecord(value)) {
    return JSON.stringify(value ?? null);
  }
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !(value instanceof ExactNumber);
