import { OperationFailure } from "../failure";
import { clustersOf, type Weights } from "./clusters";
import { costOf } from "./cost";
import { childOf } from "./masked";
import { deployerAmong } from "./meaning/access";
import { recordedDrift, undoneDrift } from "./meaning/drift";
import { meaningsOf, SEVERITIES } from "./meaning/meanings";
import { metadataOf } from "./metadata";
import { REVIEW_SCHEMA_VERSION, type Review, type StackReview } from "./model";
import { picturesOf } from "./picture";
import type { Plan } from "./plan";
import { reviewPolicy } from "./policy";
import { resourcesOf, countsOf } from "./resources";
import { identityOf, inOrder, type PlannedStack, type StackIdentity } from "./stack";

export type { Weights } from "./clusters";

/** One stack to review. */
export interface ReviewInput {
  /** Its name: `development-cluster-alpha`. */
  readonly stack: string;
  /**
   * Its environment, when the caller knows it.
   * @default - from the code's metadata, or else from the stack's name
   */
  readonly environment?: string;
  /** Null when it cannot be planned before another stack is applied. */
  readonly plan: Plan | null;
  /** The stack that it waits for; with `plan: null`. */
  readonly waitsFor?: string | null;
  /**
   * Its synthesized code, parsed: for what only an apply will know, and for exemptions.
   * @default - the plan alone is judged, and nothing is exempted
   */
  readonly code?: unknown;
  /** @default null */
  readonly digest?: string | null;
}

/** What is known beside the plans. */
export interface ReviewFacts {
  /** @default - not known, and said so where it matters */
  readonly weights?: Weights;
  /**
   * ARN of the role that applies platform stacks, by environment.
   * @default - who is in the deployers' group of the clusters under review
   */
  readonly deployers?: Readonly<Record<string, string>>;
}

interface Reviewed extends StackIdentity {
  readonly input: ReviewInput;
  readonly exemptions: Parameters<typeof reviewPolicy>[1]["exemptions"];
}

/**
 * What plans of one stack or many mean to people and traffic. The same plans and facts come to the same review, in
 * whatever order they are given.
 *
 * @throws OperationFailure "invalid" when a stack is given twice, is none of Skyline's, or its code is of another one
 */
export function reviewOf(inputs: readonly ReviewInput[], facts: ReviewFacts = {}): Review {
  const all = inputs.map(identified).sort(inOrder);
  all.forEach(({ stack }, i) => {
    if (all[i + 1]?.stack === stack) {
      throw new OperationFailure("invalid", `${stack} is given twice`, "give each stack's plan once");
    }
  });
  const planned = all.flatMap(({ input, ...identity }): PlannedStack[] =>
    input.plan === null ? [] : [{ ...identity, plan: input.plan }],
  );
  const clusters = clustersOf(planned, facts.weights);
  const deployerOf = (environment: string) => deployerOfEnvironment(environment, planned, facts);
  const meanings = meaningsOf({ stacks: planned, clusters, deployerOf });
  const policies = all.flatMap(({ input, exemptions, ...identity }) =>
    input.plan === null
      ? []
      : [
          reviewPolicy(
            { ...identity, plan: input.plan },
            { code: input.code, deployer: deployerOf(identity.environment), exemptions },
          ),
        ],
  );
  const waiting = all.filter(({ input }) => input.plan === null);
  const stacks = all.map(stackReview);
  const findings = policies.flatMap((policy) => policy.findings);
  return {
    schemaVersion: REVIEW_SCHEMA_VERSION,
    verdict: verdictOf(stacks, meanings, findings.length > 0),
    stacks,
    meanings,
    findings,
    exempted: policies.flatMap((policy) => policy.exempted),
    pictures: picturesOf(planned, waiting, clusters),
    cost: costOf(
      planned,
      // A platform stack makes nothing that AWS bills.
      all.every(({ kind, input: { plan } }) => (plan === null ? kind === "platform" : !plan.isPartial)),
    ),
  };
}

/** As the facts have it, or else as the clusters of EKS under review have it. */
function deployerOfEnvironment(
  environment: string,
  planned: readonly PlannedStack[],
  { deployers }: ReviewFacts,
): string | undefined {
  const given = childOf(deployers, environment);
  return typeof given === "string"
    ? given
    : planned
        .filter((stack) => stack.environment === environment && stack.kind === "cluster")
        .map(deployerAmong)
        .find((deployer) => deployer !== undefined);
}

/**
 * What a stack under review is: by who gives it, or else by its code, or else by its name alone.
 *
 * @throws OperationFailure "invalid" when it is none of Skyline's, or its code is of another one
 */
export function identityOfInput({ stack, environment, code }: ReviewInput): StackIdentity {
  return identityOf(stack, environment ?? metadataOf(code, stack)?.environment);
}

const identified = (input: ReviewInput): Reviewed => ({
  ...identityOfInput(input),
  input,
  exemptions: metadataOf(input.code, input.stack)?.exemptions ?? [],
});

function stackReview({ input, exemptions: _, ...identity }: Reviewed): StackReview {
  const { plan, digest = null } = input;
  const resources = plan === null ? [] : resourcesOf(plan);
  const outputs = plan === null ? [] : [...plan.outputs.values()];
  const changed = outputs.filter(({ action }) => action !== "none").flatMap(({ attributes }) => attributes);
  const recorded = plan === null ? [] : recordedDrift(plan);
  const undone = plan === null ? [] : undoneDrift(plan);
  const isChanging = resources.length + changed.length + recorded.length > 0;
  return {
    ...identity,
    state: plan === null ? "waits" : isChanging ? "changes" : "none",
    waitsFor: plan === null ? (input.waitsFor ?? null) : null,
    counts: countsOf(resources),
    resources,
    outputs: changed,
    drift: [...undone, ...recorded].map(({ address }) => address),
    digest,
  };
}

function verdictOf(
  stacks: readonly StackReview[],
  meanings: Review["meanings"],
  hasFindings: boolean,
): Review["verdict"] {
  if (hasFindings) {
    return "refused";
  }
  const worst = SEVERITIES.find((severity) => meanings.some((meaning) => meaning.severity === severity));
  return worst ?? (stacks.some(({ state }) => state !== "none") ? "note" : "none");
}
