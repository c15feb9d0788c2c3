import { isObject } from "../../environment/json-object";
import { CHECK_NAMES, type CheckName } from "../../environment/policy/checks";
import type { Exemption } from "../../environment/policy/exemptions";
import type { StackMetadata } from "../../environment/stack-metadata";
import { OperationFailure } from "../failure";
import { childOf } from "./masked";

/**
 * What a stack's code says of itself in `"//".skyline`; undefined when it says nothing, as code of others does.
 *
 * @throws OperationFailure "invalid" when it says it in another shape, or of another stack
 */
export function metadataOf(code: unknown, stack: string): StackMetadata | undefined {
  const metadata = childOf(childOf(code, "//"), "skyline");
  if (metadata === undefined) {
    return undefined;
  }
  const [environment, own, exemptions] = ["environment", "stack", "exemptions"].map((key) =>
    childOf(metadata, key),
  );
  if (typeof environment !== "string" || !Array.isArray(exemptions) || !exemptions.every(isExemption)) {
    throw failure(stack, "is not what Skyline writes there");
  }
  if (own !== stack) {
    throw failure(stack, `is of ${typeof own === "string" ? JSON.stringify(own) : "no stack"}`);
  }
  return { environment, stack, exemptions };
}

const isExemption = (value: unknown): value is Exemption =>
  isObject(value) &&
  CHECK_NAMES.includes(value.check as CheckName) &&
  typeof value.resource === "string" &&
  typeof value.reason === "string" &&
  (value.owner === undefined || typeof value.owner === "string") &&
  (value.source === "file" || value.source === "code");

const failure = (stack: string, what: string) =>
  new OperationFailure("invalid", `${stack}: "//".skyline of its code ${what}`, "synthesize the stack anew");
