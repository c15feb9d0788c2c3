import { z } from "zod";
import type { Consul } from "../consul/client";
import { readKeys } from "../consul/transaction";
import { auditPrefix } from "./keys";
import { dialSchema, parseAs, type Dial } from "./state";
import type { Weights } from "./weights";

/** `return`: put back because a ramp failed, or was given up. */
export type DialAction = "set" | "ramp" | "back" | "drain" | "return";

/** One change of the dial, in a key of its own that is written together with the dial and never changed. */
export interface AuditRecord extends Dial {
  readonly action: DialAction;
  /** What was in force before; generation 0 is that of a new environment. Null when nobody could tell. */
  readonly from: { readonly generation: number; readonly weights: Weights } | null;
  /** All changes of one run of the CLI, such as the steps of a ramp, have the same. */
  readonly run: string | null;
  /** Why step and hold were not kept. */
  readonly override: string | null;
}

const schema = dialSchema.extend({
  action: z.enum(["set", "ramp", "back", "drain", "return"]),
  from: z.object({ generation: z.int().min(0), weights: dialSchema.shape.weights }).nullable(),
  run: z.string().nullable(),
  override: z.string().nullable(),
});

/**
 * The newest records, newest first. One that is no record any more, because somebody wrote over it, is left out.
 *
 * @param limit at most so many
 */
export async function readAudit(
  consul: Consul,
  environment: string,
  limit: number,
): Promise<readonly AuditRecord[]> {
  const generations = await auditGenerations(consul, environment);
  return recordsOf(consul, environment, generations.slice(0, limit));
}

/** Records of these generations, in their order. One that is none is left out. */
export async function recordsOf(
  consul: Consul,
  environment: string,
  generations: readonly number[],
): Promise<readonly AuditRecord[]> {
  const keys = generations.map((generation) => `${auditPrefix(environment)}${generation}`);
  return (await readKeys(consul, keys)).flatMap((text) => parseRecord(text) ?? []);
}

/** Generations that have a record, newest first. */
export async function auditGenerations(consul: Consul, environment: string): Promise<readonly number[]> {
  const prefix = auditPrefix(environment);
  const keys = (await consul.get<string[]>(`/v1/kv/${prefix}`, { keys: "" })) ?? [];
  return keys
    .map((key) => key.slice(prefix.length))
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .sort((one, other) => other - one);
}

function parseRecord(text = ""): AuditRecord | undefined {
  const record = parseAs(schema, text);
  return typeof record === "string" ? undefined : record;
}

export const renderRecord = (record: AuditRecord): Buffer => Buffer.from(`${JSON.stringify(record)}\n`);
