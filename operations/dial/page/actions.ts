import { z } from "zod";
import { OperationFailure } from "../../failure";
import { checkWords } from "../../mesh/removal/removal";
import type { Weights } from "../weights";

/** What every change from the page says. */
export interface Deed {
  readonly by: string;
  readonly why: string;
  /** Only tells what would be done, and what the guards say of it. */
  readonly dryRun: boolean;
  /** Aborted when the page's server ends. */
  readonly signal: AbortSignal;
}

/** What a change has made, or in a dry run would make, of the dial. */
export interface Outcome {
  /** A sentence. */
  readonly text: string;
  /** Null where nothing of the dial itself changes, as at a hold. */
  readonly before: Weights | null;
  readonly after: Weights | null;
  /** What else would end by it, such as a ramp. */
  readonly ends: readonly string[];
  /** That it is written and not all gateways follow. */
  readonly problem: string | null;
}

/**
 * The changes that the page offers, each as the command of its name does it: with the lock, the guards and the audit
 * record. `generation` is that of the dial that the person saw; a dial that has changed since is a conflict.
 *
 * @throws OperationFailure, as the commands do
 */
export interface DialActions {
  /** A share of the traffic, in percent, to a cluster; the others keep their proportions. */
  step(deed: Deed & StepRequest): Promise<Outcome>;
  hold(deed: Deed): Promise<Outcome>;
  resume(deed: Deed): Promise<Outcome>;
  back(deed: Deed & { readonly generation: number }): Promise<Outcome>;
  drain(deed: Deed & { readonly cluster: string; readonly to?: string }): Promise<Outcome>;
}

export interface StepRequest {
  readonly to: string;
  readonly share: number;
  readonly generation: number;
  /** Reason to pass the guards that may be passed. */
  readonly override?: string;
}

export type ActionName = keyof DialActions;

const words = z.string().max(1000);
const cluster = z.string().min(1).max(64);
const generation = z.number().int().min(0);
const common = {
  /** A dry run, which is made while somebody still writes, needs no reason. */
  why: words.optional(),
  dryRun: z.boolean().default(false),
  /** The environment's name, as somebody has typed it. */
  confirm: z.string().max(64).optional(),
};

/** What the page sends with each action. Anything else in it is an error. */
const bodies = {
  step: z.strictObject({
    ...common,
    to: cluster,
    share: z.number().int().min(0).max(100),
    generation,
    override: words.optional(),
  }),
  hold: z.strictObject(common),
  resume: z.strictObject(common),
  back: z.strictObject({ ...common, generation }),
  drain: z.strictObject({ ...common, cluster, to: cluster.optional() }),
} satisfies Readonly<Record<ActionName, z.ZodType>>;

export const actionNames = Object.keys(bodies) as readonly ActionName[];

export interface ActionContext {
  readonly environment: string;
  /** Whether the environment's name has to be typed. */
  readonly confirms: boolean;
  readonly by: string;
  readonly signal: AbortSignal;
}

/**
 * Does what a request of the page asks for.
 *
 * @param body the request's JSON, of anybody's making
 * @throws OperationFailure invalid, for a body of another shape; refused, without the environment's name; what the action throws
 */
export async function act(
  actions: DialActions,
  name: ActionName,
  body: unknown,
  { environment, confirms, by, signal }: ActionContext,
): Promise<Outcome> {
  const common = parsed(name, body);
  const { why = "", dryRun, confirm } = common;
  if (!dryRun) {
    checkWords("the reason", why);
    if (confirms && confirm?.trim() !== environment) {
      throw new OperationFailure(
        "refused",
        `nothing is done: ${environment} is to be confirmed by its name`,
        `type ${environment}`,
      );
    }
  }
  const deed = { by, why: dryRun ? "dry run" : why, dryRun, signal };
  switch (name) {
    case "step": {
      const { to, share, generation, override } = parsed(name, body);
      if (override !== undefined) checkWords("the reason to override", override);
      return actions.step({ ...deed, to, share, generation, override });
    }
    case "back":
      return actions.back({ ...deed, generation: parsed(name, body).generation });
    case "drain": {
      const { cluster, to } = parsed(name, body);
      return actions.drain({ ...deed, cluster, to });
    }
    case "hold":
      return actions.hold(deed);
    case "resume":
      return actions.resume(deed);
  }
}

function parsed<Name extends ActionName>(name: Name, body: unknown): z.infer<(typeof bodies)[Name]> {
  const { success, data, error } = bodies[name].safeParse(body);
  if (success) return data as z.infer<(typeof bodies)[Name]>;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the request" : issue.path.join(".");
  throw new OperationFailure("invalid", `${where}: ${issue?.message ?? "is not as expected"}`);
}
