import type { Consul } from "./client";

/** A key of Consul's KV as it was read. */
export interface Key {
  /** Undefined when it is not there. */
  readonly text: string | undefined;
  /** For a change on the condition that it is as it was read; 0 when it is not there. */
  readonly index: number;
  /** Session that holds it as a lock. */
  readonly session: string | undefined;
}

interface Pair {
  readonly Value: string | null;
  readonly ModifyIndex: number;
  readonly Session?: string;
}

/** Reads a key. @throws OperationFailure denied, when the token may not read it */
export async function readKey(consul: Consul, key: string): Promise<Key> {
  const [pair] = (await consul.get<Pair[]>(`/v1/kv/${key}`)) ?? [];
  if (pair === undefined) {
    return { text: undefined, index: 0, session: undefined };
  }
  const text = Buffer.from(pair.Value ?? "", "base64").toString("utf8");
  return { text, index: pair.ModifyIndex, session: pair.Session };
}
