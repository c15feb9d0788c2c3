import type { Command } from "commander";
import { holdRamp, type HoldResult } from "../../operations/dial/ramp/hold";
import { examples } from "../examples";
import type { Session } from "../session";
import { onRamp, rampOptions, type OnRampOptions } from "./on-ramp";

/** `skyline dial hold`: a ramp that runs takes no further step. */
export function addHold(dial: Command, session: Session): void {
  examples(
    rampOptions(
      dial
        .command("hold")
        .description(
          "keep a running ramp where it is until it is resumed; a target that fails is put back all the same",
        ),
    ).action(
      session.action((options: OnRampOptions) =>
        onRamp(
          options,
          session,
          ({ to }) => `dial hold: holding the ramp to ${to}`,
          async ({ environment: { environment }, consul, by, why, dryRun }) => {
            const data = await holdRamp({ environment, consul, by, why, dryRun });
            return { data, text: told(data) };
          },
        ),
      ),
    ),
    'skyline dial hold --env development --why "the error budget is used up"',
  );
}

function told({ environment, changed, dryRun, ramp: { to, at, steps } }: HoldResult): string {
  const where = `the ramp to ${to}, after step ${at + 1} of ${steps.length},`;
  if (!changed) return `nothing to do: ${where} is held already`;
  if (dryRun) return `${where} would be held\nNothing is written.`;
  return `${where} is held. It goes on with: skyline dial resume --env ${environment}`;
}
