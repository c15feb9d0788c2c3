import { readFile } from "node:fs/promises";
import type { Review } from "../../review/model";
import { digestOf, newKey } from "./digest";
import { judge, judgeWaiting, refusalsOf, type StepFacts } from "./judged-plan";
import { forgetPlan, writePlanned, writeWaiting } from "./record";
import type { StepRequest } from "./request";
import { StackRun, type Server } from "./stack-run";
import { verifiedStack } from "./verified-stack";

export interface PlanStepResult {
  readonly stack: string;
  readonly commit: string;
  /** `refused`: the policy does not let it pass, and nothing can be applied. */
  readonly status: "planned" | "waits" | "refused";
  /** Why, a line each. */
  readonly refusals: readonly string[];
  readonly review: Review;
  /** Stacks of the environment, whose reviews share one comment. */
  readonly stacks: number;
}

/**
 * Atlantis' plan step: plans one stack of a commit, and keeps what the apply step needs to apply that plan and no other.
 * What was kept of an earlier plan goes first, so that after a step that failed there is nothing to apply.
 */
export async function planStep(request: StepRequest, options: Server & StepFacts): Promise<PlanStepResult> {
  const { stack, commit, planFile } = request;
  await forgetPlan(planFile);
  const { trust, env, signal } = options;
  const verified = await verifiedStack(request, trust, env, signal);
  return StackRun.of(verified, options, async (run) => {
    const made = await run.plan();
    const bound = { stack, commit, bundle: verified.bundle, reviewedAt: new Date().toISOString() };
    const result = { stack, commit, stacks: verified.stacks };
    if ("waitsFor" in made) {
      const [waitsFor = ""] = made.waitsFor;
      await writeWaiting(planFile, { ...bound, waitsFor });
      return { ...result, status: "waits", refusals: [], review: judgeWaiting(run, waitsFor, options) };
    }
    const key = newKey();
    const { review, normalised } = judge(run, made.json, options, (plan) => digestOf(plan, key));
    const refusals = refusalsOf(review);
    if (refusals.length > 0) {
      return { ...result, status: "refused", refusals, review };
    }
    const digest = digestOf(normalised, key);
    await writePlanned(planFile, await readFile(made.file), { ...bound, key, digest });
    return { ...result, status: "planned", refusals, review };
  });
}
