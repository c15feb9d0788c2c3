import type { Command } from "commander";
import { goBack } from "../../operations/dial/back";
import { examples } from "../examples";
import type { Session } from "../session";
import { changeOptions, runChange, words, type ChangeOptions } from "./options";

/** `skyline dial back`: the weights before the last change. */
export function addBack(dial: Command, session: Session): void {
  examples(
    changeOptions(
      dial
        .command("back")
        .description("go back to the weights before the last change; a ramp that is on ends")
        .option("--why <text>", "reason, for the audit log (default: what it goes back to)", words("--why")),
    ).action(
      session.action((options: ChangeOptions) =>
        runChange(options, session, (request) => goBack({ ...request, why: options.why })),
      ),
    ),
    "skyline dial back --env development --dry-run",
    'skyline dial back --env production --yes --why "errors since the last step"',
  );
}
