import type { Command } from "commander";
import { MARKDOWN_MARKER } from "../../operations/atlantis/comment-marker";
import { sentenceOf } from "../../operations/atlantis/run/judged-plan";
import { planStep, type PlanStepResult } from "../../operations/atlantis/run/plan-step";
import { commentOf, LEAST_COMMENT_BYTES } from "../../operations/review/markdown/comment";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { runStep, stepOptions, type StepCommandOptions } from "./step";

/** `skyline atlantis plan`: the plan step of Atlantis' workflow. */
export function addPlan(group: Command, session: Session): void {
  examples(
    stepOptions(
      group
        .command("plan")
        .description("step of Atlantis: plan a stack of the pull request, and print the review of it"),
    ).action(
      session.action(async (options: StepCommandOptions) =>
        resultOf(await runStep(options, session, planStep)),
      ),
    ),
    "skyline atlantis plan --trust /etc/skyline/trust.yaml",
    "skyline atlantis plan --trust /etc/skyline/trust.yaml --live",
  );
}

/** Bytes for all reviews of a pull request: Atlantis puts them into one comment, and cuts it at 65,536. */
const COMMENT_BYTES = 56_000;

function resultOf({ refusals, stacks, ...result }: PlanStepResult): Result {
  const { stack, commit, status, review } = result;
  const comment = commentOf(review, Math.max(LEAST_COMMENT_BYTES, Math.floor(COMMENT_BYTES / stacks)));
  const sentences = status === "refused" ? [] : review.stacks.map(sentenceOf);
  const text = [MARKDOWN_MARKER, "", comment, ...sentences.filter((sentence) => sentence !== "")].join("\n");
  const data = { stack, commit, status, review };
  if (status !== "refused") {
    return { data, text };
  }
  return {
    data,
    // What follows is a paragraph of its own.
    text: `${text}\n`,
    exitCode: exitCodes.refused,
    errors: [
      {
        code: "refused",
        message: `the policy refuses this plan for ${refusals.length === 1 ? "one reason" : `${refusals.length} reasons`}: the review says which`,
        hint: "nothing can be applied; change the code, and push",
        object: null,
      },
    ],
  };
}
