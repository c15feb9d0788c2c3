import { OperationFailure } from "../../failure";
import { eventOf } from "../../terraform/diagnostics";
import { parseExactly } from "../../terraform/exact-json";
import { visible } from "../../review/markdown/escape";
import { differencesOf } from "./difference";
import { digestOf } from "./digest";
import { judge, refusalsOf, type StepFacts } from "./judged-plan";
import { isEmpty, normalise } from "./normalised-plan";
import { forgetPlan, readPlanned, readRecord, type PlannedRecord } from "./record";
import type { StepRequest } from "./request";
import { StackRun, type MadePlan, type Server } from "./stack-run";
import { verifiedStack } from "./verified-stack";

export interface ApplyStepResult {
  readonly stack: string;
  readonly commit: string;
  readonly digest: string;
  /** What Terraform has done; null when the plan was empty. */
  readonly applied: { readonly add: number; readonly change: number; readonly remove: number } | null;
}

export interface ApplyStepOptions extends Server, StepFacts {
  /** Gets an address when its resource is done, and what was done: `create`, `update`, `delete`. */
  readonly onDone: (address: string, action: string) => void;
}

/**
 * Atlantis' apply step: plans again, and applies that plan when it does what the reviewed one did.
 *
 * @throws OperationFailure conflict, when commit, code, plan file or what the plan does are not what was reviewed, with
 *   the difference; refused, when there is nothing to apply, or policy and trust do not let it pass any more. Nothing is
 *   applied then. verification, when Terraform has failed at it; unrestored, when it could not write the state: that is
 *   in a file which the message names, and there is nothing to apply until another plan was reviewed
 */
export async function applyStep(request: StepRequest, options: ApplyStepOptions): Promise<ApplyStepResult> {
  const { stack, commit, planFile } = request;
  const record = await reviewed(request);
  const plan = await readPlanned(planFile, record);
  const { trust, env, signal } = options;
  const verified = await verifiedStack(request, trust, env, signal);
  if (verified.bundle !== record.bundle) {
    throw conflict(`the bundle of commit ${commit} is not the one that was reviewed`);
  }
  return StackRun.of(verified, options, async (run) => {
    const made = await run.plan();
    if ("waitsFor" in made) {
      throw conflict(
        `${stack} waits for ${made.waitsFor.join(" and ")}, whose state was there at its review`,
      );
    }
    const changes = await confirm(run, made, plan, record, options);
    const applied = changes ? await apply(run, made, options).catch(forgetUnlessKnown(planFile)) : null;
    await forgetPlan(planFile);
    return { stack, commit, digest: record.digest, applied };
  });
}

/** The record of the plan that people have reviewed, of this stack and this commit. */
async function reviewed({ stack, commit, planFile }: StepRequest): Promise<PlannedRecord> {
  const record = await readRecord(planFile);
  if (record.stack !== stack) {
    throw conflict(`the reviewed plan is of ${record.stack}, and not of ${stack}`);
  }
  if (record.commit !== commit) {
    throw conflict(`the reviewed plan is of commit ${record.commit}; the pull request is at ${commit} now`);
  }
  if (record.status === "waits") {
    throw new OperationFailure(
      "refused",
      `${stack} was not planned yet: it waits for ${record.waitsFor}`,
      `when that is applied, comment: atlantis plan -p ${stack}`,
    );
  }
  return record;
}

/**
 * @returns whether there is anything to apply
 * @throws OperationFailure conflict, when the plan does not do what the reviewed one did; refused, by policy
 */
async function confirm(
  run: StackRun,
  { json }: MadePlan,
  plan: Buffer,
  { key, digest }: PlannedRecord,
  facts: StepFacts,
): Promise<boolean> {
  const { review, normalised } = judge(run, json, facts, () => digest);
  if (digestOf(normalised, key) !== digest) {
    const file = await run.writeFile("reviewed.tfplan", plan);
    const reviewedJson = await run.show(file);
    const before = normalise(parseExactly(reviewedJson));
    if (digestOf(before, key) !== digest) {
      throw conflict("the record of the reviewed plan was changed");
    }
    const lines = differencesOf(before, normalised).map(run.maskOf(reviewedJson, json));
    throw conflict(
      [`the plan of ${run.verified.stack} is not the one that was reviewed:`, ...lines].join("\n"),
    );
  }
  const refusals = refusalsOf(review);
  if (refusals.length > 0) {
    const lines = refusals.map((line) => `  ${visible(line)}`);
    throw new OperationFailure(
      "refused",
      [`the policy refuses the plan of ${run.verified.stack}:`, ...lines].join("\n"),
    );
  }
  return !isEmpty(normalised);
}

async function apply(
  run: StackRun,
  made: MadePlan,
  { onDone }: ApplyStepOptions,
): Promise<ApplyStepResult["applied"]> {
  let summary: ApplyStepResult["applied"] = { add: 0, change: 0, remove: 0 };
  await run.apply(made, (line) => {
    const event = eventOf(line);
    if (event?.type === "apply_complete") {
      const { resource, action } = event.hook as { resource: { addr: string }; action: string };
      if (action !== "read") onDone(resource.addr, action);
    } else if (event?.type === "change_summary") {
      const { add, change, remove } = event.changes as { add: number; change: number; remove: number };
      summary = { add, change, remove };
    }
  });
  return summary;
}

/** What was made and is in no state would be made again by the same plan. */
const forgetUnlessKnown = (planFile: string) => async (error: unknown) => {
  if (error instanceof OperationFailure && error.kind === "unrestored") {
    await forgetPlan(planFile);
  }
  throw error;
};

const conflict = (message: string) =>
  new OperationFailure("conflict", message, "nothing was applied; plan it again, and review that plan");
