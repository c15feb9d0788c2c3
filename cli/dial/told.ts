import { laggards } from "../../operations/dial/follow";
import type { ChangeResult } from "../../operations/dial/request";
import { printable } from "../../operations/mesh/publish/diff";
import type { ErrorReport } from "../error-report";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import { table } from "../table";

/** What a change of the dial prints, and its exit code: one that the gateways do not follow has timed out. */
export function told(result: ChangeResult): Result {
  const { environment, effect, generation } = result;
  const text = printable(lines(result).join("\n"));
  if (effect === null || effect.followed) {
    return { data: result, text };
  }
  const error: ErrorReport = {
    code: "timeout",
    message: `generation ${generation} is written, and not all gateways serve it: ${laggards(effect.gateways)}`,
    hint: `they take it when they can; look: skyline dial status --env ${environment}; or: skyline dial back --env ${environment}`,
    object: null,
  };
  return { data: result, text, exitCode: exitCodes.timeout, errors: [error] };
}

function lines(result: ChangeResult): readonly string[] {
  const { environment, changed, dryRun, generation, moves, difference, ends, effect } = result;
  const points = table(
    [`${environment}, generation ${generation}`, "before", "now"],
    moves.map(({ cluster, before, after }) => [
      cluster,
      before === null ? "?" : String(before),
      String(after),
    ]),
  );
  if (!changed) {
    return [`nothing to do: the dial of ${environment} is so already (generation ${generation})`];
  }
  const ended = ends.map((what) => `${dryRun ? "It would end" : "It has ended"} ${what}.`);
  if (dryRun) {
    const diff = difference === "" ? ["Gateways would render nothing else."] : [difference];
    return [points, ...ended, "", ...diff, "", "Nothing is written."];
  }
  return [
    points,
    ...ended,
    ...(effect?.followed === true
      ? [`All ${effect.gateways.length} gateways serve it, after ${effect.seconds.toFixed(1)} s.`]
      : []),
    ...(effect === null ? [`Whether the gateways follow: skyline dial status --env ${environment}`] : []),
    ...(result.action === "back" ? [] : [`The way back: skyline dial back --env ${environment}`]),
  ];
}
