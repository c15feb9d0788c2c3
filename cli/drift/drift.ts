import type { Command } from "commander";
import { loadEnvironment } from "../../environment/load";
import { lookForDrift } from "../../operations/drift/drift";
import type { DriftReport } from "../../operations/drift/model";
import { exitCodes } from "../exit";
import { fileOf } from "../environment-of";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { seconds } from "../values";
import { driftText } from "./drift-text";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly stacks: string;
  readonly platforms: boolean;
  readonly timeout: number;
}

/** `skyline drift`: what was changed outside, what was not applied, and where things disagree. For a schedule. */
export function driftCommand(program: Command, session: Session): void {
  examples(
    program
      .command("drift")
      .description(
        "look for what is not as the code has it: in AWS, states, registry and dial; writes nothing, takes no lock",
      )
      .requiredOption("--env <environment>", "environment")
      .option("--stacks <path>", "folder that the app was synthesized into", "cdktf.out")
      .option("--no-platforms", "leave out the platform stacks, which need a way to each cluster's API")
      .option("--timeout <seconds>", "look at nothing more after this time", seconds, 1800)
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((options: Options) => drift(options, session))),
    "skyline drift --env development",
    "skyline drift --env production --no-platforms --json | jq '.data.findings'",
  );
}

async function drift(options: Options, session: Session): Promise<Result> {
  const file = fileOf(options);
  const { stacks, platforms, timeout } = options;
  const environment = loadEnvironment(file);
  const data = await session.interruptible((signal) =>
    lookForDrift({
      ...{ environment, file, stacks, platforms, signal },
      timeoutMs: timeout * 1000,
      report: (step) => session.talk(`looking at ${step}`),
    }),
  );
  return { data, text: driftText(data), exitCode: exits[data.verdict] };
}

/** A report that is not whole does not say that there is nothing else, so this comes before what it found. */
const exits = {
  none: exitCodes.done,
  drift: exitCodes.changed,
  incomplete: exitCodes.partial,
} as const satisfies Record<DriftReport["verdict"], number>;
