import type { Command } from "commander";
import { abortRamp, type AbortResult } from "../../operations/dial/ramp/abort";
import { showWeights } from "../../operations/dial/weights";
import { examples } from "../examples";
import type { Session } from "../session";
import { onRamp, rampOptions, type OnRampOptions } from "./on-ramp";

/** `skyline dial abort`: ends a ramp whose process is gone. */
export function addAbort(dial: Command, session: Session): void {
  examples(
    rampOptions(
      dial
        .command("abort")
        .description(
          "end a ramp whose process is gone: put back the weights from before it, and wait until gateways serve them",
        ),
    ).action(
      session.action((options: OnRampOptions) =>
        onRamp(
          options,
          session,
          ({ to, before }) => `dial abort: ending the ramp to ${to}, back to ${showWeights(before.weights)},`,
          async (context) => {
            const data = await abortRamp(context);
            return { data, text: told(data) };
          },
        ),
      ),
    ),
    "skyline dial abort --env development",
  );
}

function told({ environment, outcome, ramp, dial, dryRun }: AbortResult): string {
  const weights = dial === null ? "as it is" : `${showWeights(dial.weights)}, generation ${dial.generation}`;
  if (outcome === "none") return `nothing to do: no ramp is on in ${environment}`;
  const which = ramp === null ? "a ramp whose record cannot be read" : `the ramp to ${ramp.to}`;
  if (outcome === "forgotten") {
    const why = ramp === null ? "" : ": somebody has changed the dial since";
    return dryRun
      ? `would forget ${which}, and leave the dial at ${weights}${why}\nNothing is written.`
      : `${which} is forgotten, and the dial stays at ${weights}${why}`;
  }
  return dryRun
    ? `would end ${which}, and put back ${showWeights(dial?.weights ?? {})}\nNothing is written.`
    : `${which} has ended; all gateways serve ${weights}`;
}
