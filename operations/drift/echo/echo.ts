import type { StateResource, Values } from "../state-resources";
import { MIRRORS } from "./mirrors";
import { LISTED_PARTS, type Part } from "./parts";

/** What is left of a changed attribute when other resources of Terraform have been heard. */
export interface Echo {
  /** Why it is no drift, or what of it is none. */
  readonly reason: string;
  /** Parts that no resource of Terraform's is: somebody else has added them. Empty when the change is an echo alone. */
  readonly strangers: readonly string[];
}

/**
 * Whether a changed attribute only repeats what other resources of Terraform are. After a first apply many do: a security
 * group was read before it had rules, a bucket before it had a policy.
 *
 * What has gone from a list is not looked for: whatever was a resource of Terraform's tells that by itself, and the code
 * asks for nothing else there.
 *
 * @param owner values of the resource as they are now
 * @param before of the attribute
 * @param resources of all stacks: a cluster's stack adds rules to the gateways' group
 * @returns undefined when the attribute repeats nothing
 */
export function echoOf(
  type: string,
  attribute: string,
  { owner, before }: { readonly owner: Values; readonly before: unknown },
  resources: readonly StateResource[],
): Echo | undefined {
  const mirror = MIRRORS.find((one) => one.type === type && one.attributes.includes(attribute));
  if (mirror !== undefined) {
    const isTold = resources.some((other) => other.type === mirror.of && mirror.isOf(other.values, owner));
    return isTold ? { reason: `${mirror.of} tells it`, strangers: [] } : undefined;
  }
  const list = LISTED_PARTS.find((one) => one.type === type && one.attribute === attribute);
  if (list === undefined) {
    return undefined;
  }
  const ours = resources.filter((other) => other.type === list.partType && list.isOf(other.values, owner));
  const known = new Set(
    keysOf([...list.listed(before, owner), ...ours.flatMap(({ values }) => list.part(values))]),
  );
  const strangers = list.listed(owner[attribute], owner).filter(({ key }) => !known.has(key));
  return { reason: `each is an ${list.partType} of its own`, strangers: strangers.map(({ shown }) => shown) };
}

const keysOf = (parts: readonly Part[]) => parts.map(({ key }) => key);
