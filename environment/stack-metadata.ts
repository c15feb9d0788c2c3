import type { Exemption } from "./policy/exemptions";

/**
 * What a synthesized stack says of itself, where Terraform reads nothing: `"//".skyline` of its code. Whoever judges a
 * plan of it reads there what the people who wrote the stack have exempted, and shows that to the reviewers.
 */
export interface StackMetadata {
  readonly environment: string;
  readonly stack: string;
  /** Sorted by resource and check. */
  readonly exemptions: readonly Exemption[];
}

/** Puts a stack's metadata into its code. */
export function describeStack(
  code: Record<string, unknown>,
  { environment, stack, exemptions }: StackMetadata,
): Record<string, unknown> {
  const sorted = [...exemptions].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return {
    ...code,
    "//": { ...(code["//"] as object | undefined), skyline: { environment, stack, exemptions: sorted } },
  };
}

const keyOf = ({ resource, check }: Exemption) => `${resource} ${check}`;
