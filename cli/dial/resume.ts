import type { Command } from "commander";
import { resumeRamp, type ResumeResult } from "../../operations/dial/ramp/resume";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { FAREWELL, rampText } from "./ramp-text";
import { onRamp, rampOptions, type OnRampOptions } from "./on-ramp";

/** `skyline dial resume`: goes on with a ramp that is held, or whose process is gone. */
export function addResume(dial: Command, session: Session): void {
  examples(
    rampOptions(
      dial
        .command("resume")
        .description(
          "go on with a ramp: take the hold off, or take it over from the recorded step when its process is gone",
        ),
    ).action(session.action((options: OnRampOptions) => resume(options, session))),
    "skyline dial resume --env development",
  );
}

const resume = (options: OnRampOptions, session: Session): Promise<Result> =>
  onRamp(
    options,
    session,
    ({ to }) => `dial resume: going on with the ramp to ${to}`,
    async (context) => {
      const data = await resumeRamp(context);
      return { data, text: told(data, options) };
    },
    FAREWELL,
  );

function told(result: ResumeResult, { env }: OnRampOptions): string {
  if (result.took === "over") return rampText(result.ramp);
  if (result.took === "nothing") {
    const { to, at, steps } = result.record;
    return `would go on with the ramp to ${to} after step ${at + 1} of ${steps.length}\nNothing is written.`;
  }
  const { ramp, dryRun } = result.hold;
  return dryRun
    ? `would take the hold off the ramp to ${ramp.to}\nNothing is written.`
    : `the ramp to ${ramp.to} goes on, where it runs: skyline dial status --env ${env} --watch`;
}
