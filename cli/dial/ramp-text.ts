import type { RampResult } from "../../operations/dial/ramp/request";
import { showWeights } from "../../operations/dial/weights";
import { table } from "../table";

/** Of a ramp that Ctrl-C ends: traffic stays where it is. */
export const FAREWELL = "Stopping; the dial stays as it is …";

/** A ramp that has come to its end. */
export function rampText({ environment, to, steps, weights, generation }: RampResult): string {
  const rows = steps.map(({ share, generation: own, followedSeconds, heldSeconds, reasons }) => [
    String(share),
    String(own),
    `${followedSeconds.toFixed(1)} s`,
    `${Math.round(heldSeconds)} s`,
    reasons.join("; "),
  ]);
  return [
    table(["STEP", "GENERATION", "FOLLOWED AFTER", "HELD FOR", "VERDICT"], rows),
    "",
    `The ramp to ${to} has ended: ${showWeights(weights)}, generation ${generation}.`,
    `The way back: skyline dial back --env ${environment}`,
  ].join("\n");
}
