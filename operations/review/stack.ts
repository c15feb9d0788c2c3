import { stackNames } from "../../environment/naming";
import { OperationFailure } from "../failure";
import type { StackReview } from "./model";
import type { Plan } from "./plan";

/** What one of an environment's stacks is, by its name. */
export interface StackIdentity {
  readonly stack: string;
  readonly environment: string;
  readonly kind: StackReview["kind"];
  readonly cluster: string | null;
}

/** A stack with its plan. */
export interface PlannedStack extends StackIdentity {
  readonly plan: Plan;
}

const KINDS: readonly StackReview["kind"][] = ["network", "mesh", "cluster", "platform"];

/**
 * What a stack is. An environment's name may hold what stands between the parts of a stack's, so that who knows it says
 * it; otherwise it is the shortest that fits.
 *
 * @throws OperationFailure "invalid" when it is no stack of Skyline's, or none of that environment
 */
export function identityOf(stack: string, environment?: string): StackIdentity {
  const [, shortest] = /^([a-z][-a-z0-9]*?)-(?:network$|mesh$|cluster-.|platform-.)/.exec(stack) ?? [];
  const name = environment ?? shortest;
  const rest = name !== undefined && stack.startsWith(`${name}-`) ? stack.slice(name.length + 1) : "";
  const kind = KINDS.find((one) =>
    one === "cluster" || one === "platform" ? rest.startsWith(`${one}-`) : rest === one,
  );
  const cluster = kind === "cluster" || kind === "platform" ? rest.slice(kind.length + 1) : null;
  if (name === undefined || kind === undefined || cluster === "") {
    throw new OperationFailure(
      "invalid",
      environment === undefined
        ? `${JSON.stringify(stack)} is no stack of an environment`
        : `${JSON.stringify(stack)} is no stack of the environment ${environment}`,
      `stacks are called ${stackNames.network("<env>")}, ${stackNames.mesh("<env>")}, ${stackNames.cluster("<env>", "<name>")}, ${stackNames.platform("<env>", "<name>")}`,
    );
  }
  return { stack, environment: name, kind, cluster };
}

/** Networks first, then meshes, clusters and platforms, by name within each. */
export function inOrder(one: StackIdentity, other: StackIdentity): number {
  const kinds = KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind);
  return kinds !== 0 ? kinds : one.stack < other.stack ? -1 : one.stack > other.stack ? 1 : 0;
}
