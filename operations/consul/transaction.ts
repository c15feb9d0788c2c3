import { OperationFailure } from "../failure";
import type { Consul } from "./client";

/** Consul takes so many operations in a transaction. */
export const MOST_OPERATIONS = 64;

/** One part of a transaction: a change or a condition of a key. 0 is the index of a key that is not there. */
export interface Operation {
  readonly KV: {
    readonly Verb:
      "cas" | "delete-cas" | "delete" | "lock" | "check-index" | "check-not-exists" | "check-session";
    readonly Key: string;
    readonly Value?: string;
    readonly Index?: number;
    readonly Session?: string;
  };
}

/** A key as a transaction has left it. */
export interface Written {
  readonly Key: string;
  readonly ModifyIndex: number;
}

/** Index of a key after the transaction that has written it. */
export const indexOf = (key: string, written: readonly Written[]): number | undefined =>
  written.find(({ Key }) => Key === key)?.ModifyIndex;

interface Answer<Result> {
  readonly Results?: readonly { readonly KV: Result }[] | null;
  readonly Errors?: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

/** Writes a key that is as it was read. */
export const set = (key: string, value: Buffer, index: number): Operation => ({
  KV: { Verb: "cas", Key: key, Value: value.toString("base64"), Index: index },
});

/** Removes a key that is as it was read. */
export const remove = (key: string, index: number): Operation => ({
  KV: { Verb: "delete-cas", Key: key, Index: index },
});

/** Removes a key, whatever it holds. */
export const removeAny = (key: string): Operation => ({ KV: { Verb: "delete", Key: key } });

/** Takes a key as a lock and writes who holds it. Fails when another session holds it. */
export const acquire = (key: string, value: Buffer, session: string): Operation => ({
  KV: { Verb: "lock", Key: key, Value: value.toString("base64"), Session: session },
});

/** On the condition that this session holds the key as a lock. */
export const heldBy = (key: string, session: string): Operation => ({
  KV: { Verb: "check-session", Key: key, Session: session },
});

/** On the condition that the key is as it was read. */
export const unchanged = (key: string, index: number): Operation => ({
  KV: { Verb: "check-index", Key: key, Index: index },
});

/** On the condition that there is no such key. */
export const absent = (key: string): Operation => ({ KV: { Verb: "check-not-exists", Key: key } });

/**
 * All of them, or none.
 *
 * @param hint what to do when somebody else was first
 * @throws OperationFailure conflict, when a key is not as it was read; denied, when the token may not write it
 */
export async function transact(
  consul: Consul,
  operations: readonly Operation[],
  hint: string,
): Promise<readonly Written[]> {
  const { status, body } = await consul.put("/v1/txn", operations, [409]);
  const { Results, Errors } = JSON.parse(body) as Answer<Written>;
  if (status === 200) {
    return (Results ?? []).map(({ KV }) => KV);
  }
  const error = Errors?.[0];
  const key = error === undefined ? "a key" : (operations[error.OpIndex]?.KV.Key ?? "a key");
  const said = error?.What.replace(/\s*\n\s*/g, " ") ?? body;
  if (/Permission denied|ACL not found/i.test(said)) {
    throw new OperationFailure(
      "denied",
      `${key}: ${said}`,
      "set CONSUL_HTTP_TOKEN to a token that may write it",
    );
  }
  throw new OperationFailure("conflict", `somebody else has changed ${key} meanwhile: ${said}`, hint);
}

/** Texts of keys, in their order; undefined where there is no such key. Each 64 of them are read at one moment. */
export async function readKeys(
  consul: Consul,
  keys: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const texts = new Map<string, string>();
  for (let at = 0; at < keys.length; at += MOST_OPERATIONS) {
    const asked = keys.slice(at, at + MOST_OPERATIONS).map((Key) => ({ KV: { Verb: "get-or-empty", Key } }));
    const { body } = await consul.put("/v1/txn", asked);
    const { Results } = JSON.parse(body) as Answer<{ readonly Key: string; readonly Value: string | null }>;
    for (const { KV } of Results ?? []) {
      if (KV.Value !== null) texts.set(KV.Key, Buffer.from(KV.Value, "base64").toString("utf8"));
    }
  }
  return keys.map((key) => texts.get(key));
}
