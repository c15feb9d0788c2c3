import { z } from "zod";
import type { Consul } from "../../consul/client";
import { readKey } from "../../consul/key";
import { remove, set, type Operation } from "../../consul/transaction";
import { rampKey } from "../keys";
import { dialSchema, parseAs } from "../state";

const count = z.int().min(0);
const { weights } = dialSchema.shape;

const recordSchema = z
  .object({
    run: z.string(),
    to: z.string(),
    steps: z.array(z.int().min(0).max(100)).min(1),
    followSeconds: z.number().positive(),
    holdSeconds: z.number().positive(),
    timeoutSeconds: z.number().positive(),
    gate: z.object({ maxErrorIncrease: z.number(), maxP99Ratio: z.number(), minRequests: count }),
    before: z.object({ generation: count, weights }),
    generation: count,
    at: z.int().min(-1),
    phase: z.enum(["following", "holding", "paused", "returning"]),
    reason: z.string().nullable(),
    reference: z.object({ requests: count, errors: count, p99: z.number().nullable() }).nullable(),
    by: z.string(),
    why: z.string(),
    override: z.string().nullable(),
    startedAt: z.string(),
    updatedAt: z.string(),
  })
  .refine(({ at, steps }) => at < steps.length, "its step is none of its steps")
  .readonly();

/**
 * A ramp's own record in Consul's KV: there from its start to its end, whoever runs it. Each change of the dial writes it in
 * the same transaction, so that both always belong together, whatever was killed when.
 *
 * - `to`: the cluster whose share the `steps` are, in percent; the others keep their proportions in what is left
 * - `followSeconds`: how long gateways may take to serve a step
 * - `timeoutSeconds`: for a step that stays inconclusive
 * - `before`: what the dial was at the start, and is put back to
 * - `generation`: of the dial that the record goes with; another means that somebody has changed the dial since
 * - `at`: index of the step in force, -1 before the first
 * - `reason`: the last verdict, in words
 * - `reference`: what the clusters that give answered when they last had traffic: once they have none, the target is
 *   compared with it
 * - `startedAt`, `updatedAt`: ISO 8601, UTC
 */
export type RampRecord = z.infer<typeof recordSchema>;
export type RampPhase = RampRecord["phase"];

export interface RampReading {
  /** Undefined when no ramp is on, or its record is none that is whole. */
  readonly record: RampRecord | undefined;
  /** For a change on the condition that it is as it was read; 0 when it is not there. */
  readonly index: number;
  /** Why the text is no record. */
  readonly broken?: string;
  /** Undefined when the key is not there. */
  readonly text: string | undefined;
}

export async function readRamp(consul: Consul, environment: string): Promise<RampReading> {
  const { text, index } = await readKey(consul, rampKey(environment));
  if (text === undefined) return { record: undefined, index, text };
  const parsed = parseAs(recordSchema, text);
  return typeof parsed === "string"
    ? { record: undefined, index, text, broken: parsed }
    : { record: parsed, index, text };
}

/** Part of a transaction: writes the record. @param index as it was read */
export const setRamp = (environment: string, record: RampRecord, index: number): Operation =>
  set(rampKey(environment), Buffer.from(`${JSON.stringify(record)}\n`), index);

/** Part of a transaction: ends the ramp. @param index as it was read */
export const removeRamp = (environment: string, index: number): Operation =>
  remove(rampKey(environment), index);
