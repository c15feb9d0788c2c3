import type { Cluster } from "../clusters";
import type { Meaning } from "../model";
import type { PlannedChange } from "../plan";
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

/** A change that a rule has told of: all of it, or what it does to some attributes. */
export interface Explained {
  readonly change: PlannedChange;
  readonly attributes?: readonly string[];
}

/** What one change, or several, mean to people and traffic. */
export interface Said extends Omit<Meaning, "stack"> {
  /** What a rule for all that is left need not tell again. */
  readonly explains?: readonly Explained[];
}

/** A rule tells of one stack's plan what it knows about. It never throws: a plan that it cannot read says nothing to it. */
export type Rule = (stack: PlannedStack, around: Situation) => readonly Said[];

/** A rule for what no other one has told. */
export type RuleForTheRest = (
  stack: PlannedStack,
  around: Situation,
  explained: readonly Explained[],
) => readonly Said[];

/** The cluster that a stack is of. */
export const clusterOf = (stack: PlannedStack, { clusters }: Situation): Cluster | undefined =>
  clusters.find(({ environment, name }) => environment === stack.environment && name === stack.cluster);
