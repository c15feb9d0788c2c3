import { OperationFailure } from "../../failure";
import { shifted, weightOf, type Weights } from "../weights";

/** A step of a ramp, as the dial will have it. */
export interface Step {
  /** Points of the cluster that gets more. */
  readonly share: number;
  readonly weights: Weights;
}

interface Planned {
  readonly before: { readonly weights: Weights };
  readonly to: string;
  readonly steps: readonly number[];
}

/**
 * The weights of each step. Steps that the cluster has behind it already are left out: a ramp never begins by going back.
 *
 * @param steps shares of the cluster in percent, rising
 * @throws OperationFailure invalid, when they do not rise, or nothing is left to do
 */
export function planOf(before: Weights, to: string, steps: readonly number[]): readonly Step[] {
  const wrong = steps.find(
    (share, at) => !Number.isInteger(share) || share > 100 || share <= (steps[at - 1] ?? 0),
  );
  if (wrong !== undefined || steps.length === 0) {
    throw new OperationFailure(
      "invalid",
      `the steps ${steps.join(",")} do not rise from 1 to 100`,
      "--steps 1,5,25,50,100",
    );
  }
  const has = weightOf(before, to);
  const left = steps.filter((share) => share > has);
  if (left.length === 0) {
    throw new OperationFailure(
      "invalid",
      `${to} has ${has} already: no step of ${steps.join(",")} is above that`,
    );
  }
  return stepsOf({ before: { weights: before }, to, steps: left });
}

/** Steps of a ramp that is on: of its record. */
export const stepsOf = ({ before, to, steps }: Planned): readonly Step[] =>
  // Each from the beginning and not from the step before, so that rounding does not add up.
  steps.map((share) => ({ share, weights: shifted(before.weights, to, share) }));

/** Clusters other than the target that have traffic with these weights. */
export const sourcesOf = (weights: Weights, to: string): readonly string[] =>
  Object.keys(weights).filter((cluster) => cluster !== to && weightOf(weights, cluster) > 0);
