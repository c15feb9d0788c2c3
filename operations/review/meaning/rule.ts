import type { Cluster } from "../clusters";
import type { Meaning } from "../model";
import type { PlannedStack } from "../stack";

/** What the rules know beside a stack itself. */
export interface Situation {
  /** All stacks under review that have a plan, in their order. */
  readonly stacks: readonly PlannedStack[];
  /** All clusters of their environments. */
  readonly clusters: readonly Cluster[];
  /** ARN of the role that applies platform stacks, by environment; undefined when nobody has said it. */
  readonly deployerOf: (environment: string) => string | undefined;
}

/** What one change, or several, mean to people and traffic. */
export type Said = Omit<Meaning, "stack">;

/** A rule tells of one stack's plan what it knows about. It never throws: a plan that it cannot read says nothing to it. */
export type Rule = (stack: PlannedStack, around: Situation) => readonly Said[];

/** The cluster that a stack is of. */
export const clusterOf = (stack: PlannedStack, { clusters }: Situation): Cluster | undefined =>
  clusters.find(({ environment, name }) => environment === stack.environment && name === stack.cluster);
