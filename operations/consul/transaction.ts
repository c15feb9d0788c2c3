import { OperationFailure } from "../failure";
import type { Consul } from "./client";

/** Consul takes so many operations in a transaction. */
export const MOST_OPERATIONS = 64;

/** A change of a key on the condition that it is as it was read; 0 is the index of a key that is not there. */
export interface Operation {
  readonly KV: {
    readonly Verb: "cas" | "delete-cas" | "check-index";
    readonly Key: string;
    readonly Value?: string;
    readonly Index: number;
  };
}

/** A key as a transaction has left it. */
export interface Written {
  readonly Key: string;
  readonly ModifyIndex: number;
}

interface Answer {
  readonly Results?: readonly { readonly KV: Written }[] | null;
  readonly Errors?: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

export const set = (key: string, value: Buffer, index: number): Operation => ({
  KV: { Verb: "cas", Key: key, Value: value.toString("base64"), Index: index },
});

export const remove = (key: string, index: number): Operation => ({
  KV: { Verb: "delete-cas", Key: key, Index: index },
});

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
  const { Results, Errors } = JSON.parse(body) as Answer;
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
