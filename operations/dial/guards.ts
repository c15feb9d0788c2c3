import { OperationFailure } from "../failure";
import type { DialAction } from "./audit";
import type { ClusterState } from "./clusters";
import { riseOf, weightOf, wrongWeights, type Weights } from "./weights";

/** A change that somebody wants, and all that is to be known to judge it. */
export interface Wanted {
  readonly action: DialAction;
  /** In force now; null when nobody can tell, and then all of `to` counts as a rise. */
  readonly from: Weights | null;
  /** With the zeros that a person has written, whose names are checked as well. */
  readonly to: Weights;
  readonly clusters: readonly ClusterState[];
  /** When the dial was changed last: ISO 8601, or undefined for never. */
  readonly changedAt: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly limits: DialLimits;
  /** Why step and hold need not be kept. */
  readonly override?: string;
}

/** `mesh.dial` of the environment file. */
export interface DialLimits {
  /** Points by which a cluster may rise in one change. */
  readonly maxStep: number;
  /** Seconds between two changes. */
  readonly minHold: number;
}

export interface Violation {
  /** `invalid` is no weights of this environment at all; `refused` may be right another time. */
  readonly kind: "invalid" | "refused";
  readonly message: string;
  /** Whether `--override` passes it. */
  readonly overridable: boolean;
}

/** Everything that is wrong with a change, or an empty list. What the weights are not at all hides the rest. */
export function violations(wanted: Wanted): readonly Violation[] {
  const wrong = wrongWeights(wanted.to);
  if (wrong !== undefined) {
    return [invalid(wrong)];
  }
  const found = [...Object.keys(wanted.to).flatMap((name) => ofCluster(name, wanted)), ...ofPace(wanted)];
  return wanted.override === undefined ? found : found.filter(({ overridable }) => !overridable);
}

/** @throws OperationFailure invalid or refused, with all violations in its message */
export function assertAllowed(wanted: Wanted): void {
  refuse(violations(wanted), 'if it must be now, and you know why: --override "REASON"');
}

/**
 * Throws what was found, if anything was.
 *
 * @param way out, by an override with a reason; told when that passes all of it
 * @throws OperationFailure invalid or refused, with each message once
 */
export function refuse(found: readonly Violation[], way: string): void {
  if (found.length > 0) {
    throw new OperationFailure(
      found.some(({ kind }) => kind === "invalid") ? "invalid" : "refused",
      [...new Set(found.map(({ message }) => message))].join("; "),
      found.every(({ overridable }) => overridable) ? `${way}, which the audit log keeps` : undefined,
    );
  }
}

/** Who gets more must be there to serve it. Who gets less, or what it has, may be gone: that is how one leaves it. */
function ofCluster(name: string, { from, to, clusters }: Wanted): Violation[] {
  const cluster = clusters.find((each) => each.name === name);
  const rise = riseOf(from ?? {}, to, name);
  if (cluster === undefined) {
    const known = clusters.map((each) => each.name).join(", ");
    return rise > 0 || weightOf(from ?? {}, name) === 0
      ? [invalid(`${name} is no cluster of this environment, which has ${known}`)]
      : [];
  }
  if (rise <= 0) {
    return [];
  }
  const { role, workers } = cluster;
  return [
    ...(role === "retiring" || role === "removed"
      ? [refused(`${name} is ${role}: it gets no traffic any more`)]
      : []),
    ...(workers === 0 ? [refused(`${name} has no healthy worker in Consul`)] : []),
  ];
}

/** What takes traffic off something that fails does not wait, and goes all the way. */
function ofPace({ action, from, to, changedAt, now, limits }: Wanted): Violation[] {
  if (action !== "set" && action !== "ramp") {
    return [];
  }
  const { maxStep, minHold } = limits;
  const high = Object.keys(to)
    .map((name) => ({ name, rise: riseOf(from ?? {}, to, name) }))
    .filter(({ rise }) => rise > maxStep)
    .map(({ name, rise }) =>
      overridable(
        `${name} would rise by ${rise} points at once, and ${maxStep} are allowed (mesh.dial.maxStep)`,
      ),
    );
  const age = changedAt === undefined ? Infinity : (now - Date.parse(changedAt)) / 1000;
  const early =
    age < minHold
      ? [
          overridable(
            `the dial was changed at ${changedAt}, ${Math.floor(age)} s ago, and is to stand for ${minHold} s (mesh.dial.minHold)`,
          ),
        ]
      : [];
  return [...high, ...early];
}

const invalid = (message: string): Violation => ({ kind: "invalid", message, overridable: false });
const refused = (message: string): Violation => ({ kind: "refused", message, overridable: false });
const overridable = (message: string): Violation => ({ kind: "refused", message, overridable: true });
