import { isObject } from "../../environment/json-object";
import { OperationFailure } from "../failure";
import { childOf, masked } from "../review/masked";

/** Attributes of a resource; what is sensitive is not in them. */
export type Values = Readonly<Record<string, unknown>>;

/** A resource of the state, as it was read from AWS for the plan. */
export interface StateResource {
  readonly type: string;
  readonly values: Values;
}

/**
 * The resources of the state that a plan began with, of `terraform show -json`.
 *
 * @param stack for the message
 * @throws OperationFailure invalid, when it is no JSON
 */
export function stateResources(text: string, stack: string): StateResource[] {
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch {
    // What the parser says quotes the text, which may be a secret's.
    throw new OperationFailure("invalid", `${stack}: the plan is no JSON`);
  }
  return resourcesIn(["prior_state", "values", "root_module"].reduce<unknown>(childOf, plan));
}

function resourcesIn(module: unknown): StateResource[] {
  const own = listOf(childOf(module, "resources")).flatMap((resource) => {
    const type = childOf(resource, "type");
    const values = masked(childOf(resource, "values"), childOf(resource, "sensitive_values"), false);
    const isManaged = childOf(resource, "mode") === "managed";
    return isManaged && typeof type === "string" && isObject(values) ? [{ type, values }] : [];
  });
  return [...own, ...listOf(childOf(module, "child_modules")).flatMap(resourcesIn)];
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text; "" for all else, as a provider writes what is not there. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
