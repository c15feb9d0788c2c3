import type { Review, StackReview } from "../../review/model";
import { readPlan } from "../../review/plan";
import { reviewOf } from "../../review/review";
import type { WeightsByEnvironment } from "../../review/weights";
import { parseExactly } from "../../terraform/exact-json";
import type { Trust } from "../trust";
import { normalise, type NormalisedPlan } from "./normalised-plan";
import type { StackRun } from "./stack-run";

/** What a review goes by beside the plan. */
export interface StepFacts {
  readonly trust: Trust;
  /** The dials that are known. */
  readonly weights?: WeightsByEnvironment;
}

/** A plan with what people and the policy say to it. */
export interface JudgedPlan {
  readonly review: Review;
  readonly normalised: NormalisedPlan;
}

/**
 * Judges a plan of a stack.
 *
 * @param json of `terraform show -json`
 * @param digest gives the digest to show of the normalised plan
 */
export function judge(
  { verified, code }: StackRun,
  json: string,
  facts: StepFacts,
  digest: (plan: NormalisedPlan) => string,
): JudgedPlan {
  const normalised = normalise(parseExactly(json));
  const { stack, environment } = verified;
  const plan = readPlan(json, stack);
  const input = { stack, environment, code, plan, digest: digest(normalised) };
  const review = reviewOf([input], knownFacts(facts));
  return { review, normalised };
}

/** The review of a stack that cannot be planned before another one is applied. */
export function judgeWaiting({ verified, code }: StackRun, waitsFor: string, facts: StepFacts): Review {
  const { stack, environment } = verified;
  return reviewOf([{ stack, environment, code, plan: null, waitsFor }], knownFacts(facts));
}

const knownFacts = ({ trust, weights }: StepFacts) => ({
  ...(weights === undefined ? {} : { weights }),
  deployers: Object.fromEntries(
    Object.entries(trust.environments).map(([name, { deployer }]) => [name, deployer]),
  ),
});

/** Why the policy refuses a plan, a line each; empty when it does not. */
export const refusalsOf = ({ verdict, meanings, findings }: Review): string[] =>
  verdict === "refused"
    ? [
        ...meanings.filter(({ severity }) => severity === "refused").map(({ text }) => text),
        ...findings.map(({ address, check, wrong, right }) => `${address}  ${check}: ${wrong}; ${right}`),
      ]
    : [];

/**
 * The sentence by which Atlantis knows a plan: it reads the counts from it, and lets what depends on a stack be applied
 * when there is nothing to do for it. A stack that waits has none.
 */
export function sentenceOf({ state, counts }: StackReview): string {
  if (state === "waits") {
    return "";
  }
  if (state === "none") {
    return "No changes. Your infrastructure matches the configuration.";
  }
  const [imports, forgotten] = [counts.import, counts.forget].map((count) => count > 0);
  return [
    `Plan: ${imports ? `${counts.import} to import, ` : ""}${counts.create + counts.replace} to add`,
    `${counts.update} to change`,
    `${counts.delete + counts.replace} to destroy${forgotten ? `, ${counts.forget} to forget` : ""}.`,
  ].join(", ");
}
