import type { Command } from "commander";
import { drainCluster } from "../../operations/dial/drain";
import { examples } from "../examples";
import type { Session } from "../session";
import { changeOptions, runChange, words, type ChangeOptions } from "./options";

interface Options extends ChangeOptions {
  readonly to?: string;
}

/** `skyline dial drain`: a cluster off the traffic, at once. */
export function addDrain(dial: Command, session: Session): void {
  examples(
    changeOptions(
      dial
        .command("drain")
        .description("emergency: take a cluster off the traffic at once, whoever holds the lock")
        .argument("<cluster>", "cluster that is to get nothing")
        .option("--to <cluster>", "who takes over (default: the others, in their proportions)")
        .option("--why <text>", "reason, for the audit log (default: that it is drained)", words("--why")),
    ).action(
      session.action((cluster: string, options: Options) =>
        runChange(options, session, (request) =>
          drainCluster({ ...request, cluster, to: options.to, why: options.why }),
        ),
      ),
    ),
    "skyline dial drain alpha --env development",
    'skyline dial drain alpha --to bravo --env production --yes --why "alpha has lost its database"',
  );
}
