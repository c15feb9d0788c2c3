import { z } from "zod";
import type { Consul } from "../consul/client";
import { readKey } from "../consul/key";
import { dialKey } from "./keys";
import { wrongWeights, type Weights } from "./weights";

/** The dial as its key in Consul has it. */
export interface Dial {
  /** Rises by one with each change; 1 is the first. */
  readonly generation: number;
  readonly weights: Weights;
  readonly by: string;
  readonly why: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What was read of the key. */
export interface DialReading {
  /** Undefined when there is none, or none that is whole. */
  readonly dial: Dial | undefined;
  /** For a change on the condition that the key is as it was read; 0 when it is not there. */
  readonly index: number;
  /** Why the text is no dial. Gateways stay with what they have. */
  readonly broken?: string;
  /** Undefined when the key is not there. */
  readonly text: string | undefined;
}

export async function readDial(consul: Consul, environment: string): Promise<DialReading> {
  const { text, index } = await readKey(consul, dialKey(environment));
  if (text === undefined) {
    return { dial: undefined, index, text };
  }
  const parsed = parseDial(text);
  return typeof parsed === "string"
    ? { dial: undefined, index, broken: parsed, text }
    : { dial: parsed, index, text };
}

/** Shape of {@link Dial}; audit records are checked by it as well. */
export const dialSchema = z.object({
  generation: z.int().min(1),
  weights: z.custom<Weights>().superRefine((weights, context) => {
    const wrong = wrongWeights(weights);
    if (wrong !== undefined) {
      context.addIssue({ code: "custom", message: wrong });
    }
  }),
  by: z.string(),
  why: z.string(),
  at: z.string().refine((at) => !Number.isNaN(Date.parse(at)), "is no time"),
});

/** The dial of a text, or why it is none. */
export const parseDial = (text: string): Dial | string => parseAs(dialSchema, text);

/** What a text of a key is, or why it is no such thing, each fault with its place: `weights: the sum of …`. */
export function parseAs<T extends object>(schema: z.ZodType<T>, text: string): T | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  const { data, error } = schema.safeParse(value);
  const faults = (error?.issues ?? []).map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  return data ?? faults.join("; ");
}

/** As it is written: a line, for who reads it with `consul kv get`. */
export const renderDial = ({ generation, weights, by, why, at }: Dial): Buffer =>
  Buffer.from(`${JSON.stringify({ generation, weights, by, why, at })}\n`);
