import type { ClusterSpec } from "../environment/schema";

export type ClusterRole = ClusterSpec["role"];

/** How far a cluster's life has come: the role that it was applied with last, or that nothing of it stands. */
export type Stage = Exclude<ClusterRole, "removed"> | "none";

/** Where one apply may take a cluster from each stage. */
const steps: Readonly<Record<Stage, readonly Stage[]>> = {
  none: ["passive"],
  passive: ["active", "retiring"],
  active: ["passive"],
  retiring: ["passive", "none"],
};

/** The stage that an apply of this role leads to; a cluster that the file does not have is as good as removed. */
export const stageOf = (role: ClusterRole | undefined): Stage =>
  role === undefined || role === "removed" ? "none" : role;

/**
 * Whether an apply would skip a step of a cluster's life: each of them shows that traffic is gone before the way back is.
 *
 * @param first whether nothing of any cluster of the environment stands: then it begins as the active one
 * @returns the stage that has to come first, `passive` for an active cluster that is to retire; undefined when none is
 *   skipped
 */
export function skippedStep(from: Stage, to: Stage, first: boolean): Stage | undefined {
  if (from === to || steps[from].includes(to) || (first && from === "none" && to === "active")) {
    return undefined;
  }
  return from === "passive" ? "retiring" : "passive";
}
