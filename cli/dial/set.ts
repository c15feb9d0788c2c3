import type { Command } from "commander";
import { setDial } from "../../operations/dial/set";
import { examples } from "../examples";
import type { Session } from "../session";
import { changeOptions, runChange, weight, words, type ChangeOptions } from "./options";

interface Options extends ChangeOptions {
  readonly why: string;
  readonly override?: string;
}

/** `skyline dial set`: the weights, as they are to be. */
export function addSet(dial: Command, session: Session): void {
  examples(
    changeOptions(
      dial
        .command("set")
        .description("give clusters these weights")
        .argument("<weights...>", "points of each cluster, like alpha=75 bravo=25; the sum is 100", weight)
        .requiredOption("--why <text>", "reason, for the audit log", words("--why"))
        .option(
          "--override <reason>",
          "pass mesh.dial.maxStep and minHold, for this reason",
          words("--override"),
        ),
    ).action(
      session.action((weights: Readonly<Record<string, number>>, options: Options) =>
        runChange(options, session, (request) =>
          setDial({ ...request, weights, why: options.why, override: options.override }),
        ),
      ),
    ),
    'skyline dial set alpha=75 bravo=25 --env development --why "first real traffic for bravo"',
    'skyline dial set alpha=75 bravo=25 --env development --why "first real traffic for bravo" --dry-run',
    'skyline dial set bravo=100 --env development --why "alpha is on fire" --override "no time for steps"',
  );
}
