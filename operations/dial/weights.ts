import { SHORT_LABEL } from "../../environment/naming";
import { OperationFailure } from "../failure";

/**
 * Share of the Kubernetes traffic by cluster: whole numbers from 0 to 100 whose sum is 100. A cluster that is not there
 * has 0; what Skyline writes leaves zeros out and is sorted by name, so that equal weights are equal texts.
 */
export type Weights = Readonly<Record<string, number>>;

/** Why a value is no weights, in words; undefined when it is. What gateways check, too (`skyline_mesh/values.py`). */
export function wrongWeights(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `weights is ${show(value)} and no object`;
  }
  const entries = Object.entries(value);
  const nameless = entries.find(([cluster]) => !SHORT_LABEL.test(cluster));
  if (nameless !== undefined) {
    return `${show(nameless[0])} is no name of a cluster`;
  }
  const wrong = entries.find(([, weight]) => !isShare(weight));
  if (wrong !== undefined) {
    return `the weight of ${wrong[0]} is ${show(wrong[1])}, and not a whole number from 0 to 100`;
  }
  const sum = entries.reduce((all, [, weight]) => all + (weight as number), 0);
  return sum === 100 ? undefined : `the sum of the weights is ${sum}, and not 100`;
}

/** Without zeros, sorted by name. */
export function normal(weights: Weights): Weights {
  return Object.fromEntries(
    Object.entries(weights)
      .filter(([, weight]) => weight > 0)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

export const sameWeights = (one: Weights, other: Weights): boolean =>
  JSON.stringify(normal(one)) === JSON.stringify(normal(other));

/** Points of a cluster. Not `weights[name]`: a cluster may be called `constructor`. */
export const weightOf = (weights: Weights, cluster: string): number =>
  Object.hasOwn(weights, cluster) ? (weights[cluster] ?? 0) : 0;

/** Points by which a cluster rises; negative when it falls. */
export const riseOf = (from: Weights, to: Weights, cluster: string): number =>
  weightOf(to, cluster) - weightOf(from, cluster);

/** `alpha 75, bravo 25` */
export const showWeights = (weights: Weights): string =>
  Object.entries(normal(weights))
    .map(([cluster, weight]) => `${cluster} ${weight}`)
    .join(", ");

/** `alpha=75 bravo=25`, as `skyline dial set` takes them. */
export const asArguments = (weights: Weights): string =>
  Object.entries(normal(weights))
    .map(([cluster, weight]) => `${cluster}=${weight}`)
    .join(" ");

/**
 * One cluster gets a share, and the others keep their proportions in what is left.
 *
 * @param share points of `to`, 0 to 100
 * @throws OperationFailure invalid, when something is left and no other cluster has a weight
 */
export function shifted(from: Weights, to: string, share: number): Weights {
  if (!isShare(share)) {
    throw new OperationFailure("invalid", `${show(share)} is no whole number from 0 to 100`);
  }
  const others = Object.entries(normal(from)).filter(([cluster]) => cluster !== to);
  const had = others.reduce((sum, [, weight]) => sum + weight, 0);
  const left = 100 - share;
  if (left > 0 && had === 0) {
    throw new OperationFailure(
      "invalid",
      `no other cluster has a weight: nobody would take the ${left} points that ${to} gives up`,
    );
  }
  return normal({ ...apportioned(left, Object.fromEntries(others)), [to]: share });
}

/** One cluster gives all that it has to these, in their proportions, and the rest stays. @param takers not empty */
export function moved(weights: Weights, cluster: string, takers: Weights): Weights {
  const gained = apportioned(weightOf(weights, cluster), takers);
  const raised = Object.keys(gained).map((name) => [name, weightOf(weights, name) + weightOf(gained, name)]);
  return normal({ ...weights, ...Object.fromEntries(raised), [cluster]: 0 });
}

/** Points shared out in these proportions: whole numbers by largest remainder, ties by name. */
function apportioned(points: number, proportions: Weights): Weights {
  const sum = Object.values(proportions).reduce((all, weight) => all + weight, 0);
  const exact = Object.entries(normal(proportions)).map(([cluster, weight]) => {
    // In whole numbers: a remainder in floating point would decide a tie by its error.
    const product = weight * points;
    return { cluster, points: Math.floor(product / sum), remainder: product % sum };
  });
  const missing = points - exact.reduce((all, each) => all + each.points, 0);
  const raised = new Set(
    [...exact]
      .sort((one, other) => other.remainder - one.remainder)
      .slice(0, missing)
      .map(({ cluster }) => cluster),
  );
  return Object.fromEntries(
    exact.map(({ cluster, points }) => [cluster, points + (raised.has(cluster) ? 1 : 0)]),
  );
}

const isShare = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;

const show = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 100);
