import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Meaning, Review } from "../../../../operations/review/model";
import { readPlan, type Plan } from "../../../../operations/review/plan";
import { reviewOf, type ReviewFacts, type ReviewInput } from "../../../../operations/review/review";

const FIXTURES = join(__dirname, "..", "..", "..", "fixtures", "plans");

export interface ChangeDocument {
  address: string;
  mode?: string;
  type: string;
  name?: string;
  deposed?: string;
  previous_address?: string;
  action_reason?: string;
  change: {
    actions: string[];
    before?: unknown;
    after?: unknown;
    after_unknown?: unknown;
    before_sensitive?: unknown;
    after_sensitive?: unknown;
    replace_paths?: unknown;
    importing?: unknown;
  };
}

export interface PlanDocument {
  format_version: string;
  complete?: boolean;
  errored?: boolean;
  resource_changes: ChangeDocument[];
  resource_drift?: ChangeDocument[];
  output_changes: Record<string, ChangeDocument["change"]>;
  configuration?: unknown;
  prior_state?: unknown;
  deferred_changes?: unknown[];
  action_invocations?: unknown[];
}

/** Changes a plan's document in place. */
export type Edit = (plan: PlanDocument) => void;

export const scenarios = (): string[] => readdirSync(FIXTURES).sort();

/** A real plan of the example environment development: `fixture("gateway-roll", "mesh")`. */
export const fixture = (scenario: string, stack: string): PlanDocument =>
  JSON.parse(readFileSync(join(FIXTURES, scenario, `development-${stack}.json`), "utf8")) as PlanDocument;

export const read = (document: PlanDocument): Plan => readPlan(JSON.stringify(document), "the plan");

/** All stacks of a scenario, as a caller gives them. */
export const inputsOf = (scenario: string): ReviewInput[] =>
  readdirSync(join(FIXTURES, scenario))
    .sort()
    .map((file) => file.replace(/^development-|\.json$/g, ""))
    .map((stack) => ({ stack: `development-${stack}`, plan: read(fixture(scenario, stack)) }));

/** The review of one stack's real plan, after an edit of it. */
export function reviewed(
  scenario: string,
  stack: string,
  edit: Edit = () => undefined,
  facts: ReviewFacts = {},
): Review {
  const document = fixture(scenario, stack);
  edit(document);
  return reviewOf([{ stack: `development-${stack}`, plan: read(document) }], facts);
}

export const meaningsOf = (review: Review, code: string): Meaning[] =>
  review.meanings.filter((meaning) => meaning.code === code);

/** The change of the resource of a type whose address has these words in it. */
export function changeAt(plan: PlanDocument, type: string, ...words: string[]): ChangeDocument {
  const found = plan.resource_changes.find(
    (one) => one.type === type && words.every((word) => one.address.includes(word)),
  );
  if (found === undefined) {
    throw new Error(`no ${type} with ${words.join(", ")} in the plan`);
  }
  return found;
}

/** Makes what stays go. */
export function remove({ change }: ChangeDocument): void {
  Object.assign(change, {
    actions: ["delete"],
    before: change.before ?? change.after,
    before_sensitive: change.before_sensitive ?? change.after_sensitive ?? false,
    after: null,
    after_sensitive: false,
    after_unknown: {},
  });
}

/** Makes what stays be made anew. */
export function replace({ change }: ChangeDocument): void {
  Object.assign(change, {
    actions: ["delete", "create"],
    before: change.before ?? change.after,
    before_sensitive: change.before_sensitive ?? change.after_sensitive ?? false,
  });
}

/** Makes what stays differ in these attributes. */
export function update({ change }: ChangeDocument, attributes: object): void {
  const before = change.before ?? change.after;
  Object.assign(change, {
    actions: ["update"],
    before,
    before_sensitive: change.before_sensitive ?? change.after_sensitive ?? false,
    after: { ...(before as object), ...attributes },
    after_sensitive: change.after_sensitive ?? false,
  });
}

/** What a cluster's state says of its role, before and after. */
export function role(plan: PlanDocument, before: string | null, after: string | null): void {
  plan.output_changes.cluster_role = {
    actions: after === null ? ["delete"] : before === after ? ["no-op"] : ["update"],
    ...{ before, after, after_unknown: false, before_sensitive: false, after_sensitive: false },
  };
}

/** A plan of one change. */
export const planWith = (...changes: Partial<ChangeDocument & ChangeDocument["change"]>[]): PlanDocument => ({
  format_version: "1.2",
  output_changes: {},
  resource_changes: changes.map(({ address = "aws_vpc.vpc", type = "aws_vpc", ...others }) => {
    const { mode, deposed, previous_address, action_reason, ...change } = others;
    return {
      ...{ address, type, mode: mode ?? "managed", deposed, previous_address, action_reason },
      change: {
        ...{ actions: ["update"], before: null, after: null, after_unknown: {} },
        ...{ before_sensitive: false, after_sensitive: false },
        ...change,
      },
    };
  }),
});
