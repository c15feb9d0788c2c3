import { createHmac, randomBytes } from "node:crypto";
import { textOf, type NormalisedPlan } from "./normalised-plan";

/** A key of one review, base64: 32 random bytes. */
export const newKey = (): string => randomBytes(32).toString("base64");

/**
 * `sha256:…` of a plan under the key of its review. It is shown in the comment, so it has a key: without one, anybody could
 * try passwords until a plan's digest came out.
 */
export const digestOf = (plan: NormalisedPlan, key: string): string =>
  `sha256:${createHmac("sha256", Buffer.from(key, "base64")).update(textOf(plan)).digest("hex")}`;
