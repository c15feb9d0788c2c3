import { listed } from "../../words";
import { isOfNothing } from "../difference";
import type { Plan, PlannedChange } from "../plan";
import type { Rule, Said } from "./rule";

/** What was changed outside, and what of it an apply has to do with. */
export interface OutsideChange {
  readonly address: string;
  /** Attributes, sorted; empty when the resource itself was deleted outside. */
  readonly attributes: readonly string[];
}

/**
 * Changes made outside of Terraform that a plan undoes. Others are an echo: what AWS adds by itself to a thing that was
 * just made shows as a change from outside as well, and no apply touches it.
 */
export function undoneDrift({ drift, changes }: Plan): OutsideChange[] {
  const planned = new Map(changes.map((change) => [change.address, change]));
  return drift
    .flatMap((drifted): OutsideChange[] => {
      const change = planned.get(drifted.address);
      if (change === undefined) {
        return [];
      }
      if (drifted.action === "delete") {
        return change.action === "create" ? [{ address: drifted.address, attributes: [] }] : [];
      }
      const attributes = undone(drifted, change);
      return attributes.length > 0 ? [{ address: drifted.address, attributes }] : [];
    })
    .sort((one, other) => (one.address < other.address ? -1 : 1));
}

/** Changes made outside of Terraform that a plan which does nothing else takes into the state, sorted by address. */
export function recordedDrift({ drift, changes, isIdle }: Plan): OutsideChange[] {
  // Beside changes it is what AWS has added to them.
  return changes.length > 0 || isIdle
    ? []
    : drift
        .flatMap(({ address, action, attributes }): OutsideChange[] => {
          const moved = attributes.filter((one) => !isOfNothing(one)).map(({ path }) => path);
          return action === "delete" || moved.length > 0 ? [{ address, attributes: moved.sort() }] : [];
        })
        .sort((one, other) => (one.address < other.address ? -1 : 1));
}

/** Attributes that somebody has moved, and that a plan sets to something that it knows. */
function undone(drifted: PlannedChange, change: PlannedChange): string[] {
  const moved = new Set(drifted.attributes.filter((one) => !isOfNothing(one)).map(({ path }) => path));
  return change.action === "create"
    ? []
    : change.attributes
        .filter(({ path, after }) => moved.has(path) && after.kind !== "unknown")
        .map(({ path }) => path)
        .sort();
}

/** What somebody did by hand is undone: perhaps they had a reason. Or it becomes what is known, whatever the code says. */
export const driftMeans: Rule = ({ plan }) => [
  ...undoneDrift(plan).map(({ address, attributes }): Said => ({
    code: "drift-undone",
    severity: "attention",
    address,
    text:
      attributes.length === 0
        ? "it was deleted outside of Terraform, and is made again"
        : `${changed(attributes)}, which this undoes`,
  })),
  ...recordedDrift(plan).map(({ address, attributes }): Said => ({
    code: "drift-recorded",
    severity: "attention",
    address,
    text: `${attributes.length === 0 ? "it was deleted outside of Terraform" : changed(attributes)}: an apply takes this into the state`,
  })),
];

const changed = (attributes: readonly string[]) =>
  `${listed(attributes)} ${attributes.length === 1 ? "was" : "were"} changed outside of Terraform`;
