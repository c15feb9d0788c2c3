import { BRIDGE_NAME } from "../../../environment/naming";
import type { PlannedChange } from "../plan";
import { blocksIn, bothSides, textIn } from "./changes";

export const isDaemonSet = ({ type }: PlannedChange): boolean => /^kubernetes_daemon_?set/.test(type);

/** The bridge, through which pods call by name and are called. */
export const isBridge = (change: PlannedChange): boolean =>
  isDaemonSet(change) &&
  bothSides(change, (side) => blocksIn(side, "metadata").map((metadata) => textIn(metadata, "name")))
    .flat()
    .includes(BRIDGE_NAME);
