import { isOfNothing } from "../difference";
import type { Plan, PlannedChange } from "../plan";
import { listed } from "./changes";
import type { Rule } from "./rule";

/** What was changed outside, and what of it an apply undoes. */
export interface UndoneDrift {
  readonly address: string;
  /** Attributes, sorted; empty when the resource itself was deleted outside. */
  readonly attributes: readonly string[];
}

/**
 * Changes made outside of Terraform that a plan undoes. Others are an echo: what AWS adds by itself to a thing that was
 * just made shows as a change from outside as well, and no apply touches it.
 */
export function undoneDrift({ drift, changes }: Plan): UndoneDrift[] {
  const planned = new Map(changes.map((change) => [change.address, change]));
  return drift
    .flatMap((drifted): UndoneDrift[] => {
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

/** What somebody did by hand is undone: perhaps they had a reason. */
export const driftUndone: Rule = ({ plan }) =>
  undoneDrift(plan).map(({ address, attributes }) => ({
    code: "drift-undone",
    severity: "attention",
    address,
    text:
      attributes.length === 0
        ? "it was deleted outside of Terraform, and is made again"
        : `${listed(attributes)} ${attributes.length === 1 ? "was" : "were"} changed outside of Terraform, which this undoes`,
  }));
