import type { Command } from "commander";
import { applyStep, type ApplyStepResult } from "../../operations/atlantis/run/apply-step";
import { visibleName } from "../../operations/review/markdown/escape";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { runStep, stepOptions, type StepCommandOptions } from "./step";

/** `skyline atlantis apply`: the apply step of Atlantis' workflow. */
export function addApply(group: Command, session: Session): void {
  examples(
    stepOptions(
      group
        .command("apply")
        .description("step of Atlantis: plan a stack again, and apply that plan if it is the reviewed one"),
    ).action(
      session.action((options: StepCommandOptions, command: Command) => run(options, command, session)),
    ),
    "skyline atlantis apply --trust /etc/skyline/trust.yaml",
  );
}

const DONE: Readonly<Record<string, string>> = { create: "created", update: "changed", delete: "destroyed" };

async function run(options: StepCommandOptions, command: Command, session: Session): Promise<Result> {
  const { json } = command.optsWithGlobals<{ json?: true }>();
  // Atlantis shows each line as it comes, and puts all of them into its comment.
  const onDone = (address: string, action: string) => {
    if (json !== true) session.print(`${DONE[action] ?? action}  ${visibleName(address)}\n`);
  };
  const data = await runStep(options, session, (request, given) => applyStep(request, { ...given, onDone }));
  return { data, text: told(data) };
}

function told({ stack, applied }: ApplyStepResult): string {
  if (applied === null) {
    return `Nothing to apply: the plan of ${stack} that was reviewed is empty, and still is.`;
  }
  const { add, change, remove } = applied;
  return `Applied the plan of ${stack} that was reviewed: ${add} added, ${change} changed, ${remove} destroyed.`;
}
