import type { Command } from "commander";
import type { AddCommand } from "../command-table";
import { examples } from "../examples";
import { addApply } from "./apply";
import { addFetch } from "./fetch";
import { addGenerate } from "./generate";
import { addPlan } from "./plan";
import { addPublish } from "./publish";
import type { Session } from "../session";

/** `skyline atlantis`: what Atlantis and the CI job before it run. */
export function atlantisCommand(program: Command, session: Session): void {
  const group = examples(
    program
      .command("atlantis")
      .description(
        "pull requests: configuration of Atlantis, stacks bound to a commit, plans bound to a review",
      ),
    "skyline atlantis generate --check",
  );
  commands.forEach((add) => add(group, session));
}

const commands: readonly AddCommand[] = [addGenerate, addPublish, addFetch, addPlan, addApply];
