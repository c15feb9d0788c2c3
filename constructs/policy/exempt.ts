import { TerraformStack, type TerraformResource } from "cdktf";
import type { CheckName } from "../../environment/policy/checks";
import type { Exemption } from "../../environment/policy/exemptions";

export interface ExemptOptions {
  readonly check: CheckName;
  /** Why it has to stay as it is, in words that a reviewer can judge. */
  readonly reason: string;
}

const exemptions = new WeakMap<TerraformStack, { resource: TerraformResource; options: ExemptOptions }[]>();

/**
 * Lets a check of the policy pass over a resource. An exemption of a resource that the check finds nothing wrong with
 * fails synth, so that none outlives its reason.
 *
 * @throws Error when the reason is empty
 */
export function exempt(resource: TerraformResource, options: ExemptOptions): void {
  if (options.reason.trim() === "") {
    throw new Error(`the exemption of ${resource.node.path} from ${options.check} has no reason; write one`);
  }
  const stack = TerraformStack.of(resource);
  exemptions.set(stack, [...(exemptions.get(stack) ?? []), { resource, options }]);
}

/** Exemptions that were made in a stack's code. */
export const exemptionsIn = (stack: TerraformStack): Exemption[] =>
  (exemptions.get(stack) ?? []).map(({ resource, options }) => ({
    ...options,
    resource: `${stack.node.id}/${resource.terraformResourceType}.${resource.friendlyUniqueId}`,
    source: "code",
  }));
