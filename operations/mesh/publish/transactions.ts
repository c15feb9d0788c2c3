import type { Consul } from "../../consul/client";
import { OperationFailure } from "../../failure";
import { MANIFEST, type Change, type Entry } from "./tree";

/** Consul takes so many operations in a transaction, */
const MOST_OPERATIONS = 64;
/** and 512 KiB of JSON, in which values are base64. */
const MOST_BYTES = 256 * 1024;

interface Operation {
  readonly KV: {
    readonly Verb: "cas" | "delete-cas" | "check-index";
    readonly Key: string;
    readonly Value?: string;
    readonly Index: number;
  };
}

interface Answer {
  readonly Results?:
    readonly { readonly KV: { readonly Key: string; readonly ModifyIndex: number } }[] | null;
  readonly Errors?: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

/** Changes that go into one transaction each, beside the manifest. */
export function portions(changes: readonly Change[]): readonly (readonly Change[])[] {
  const all: Change[][] = [[]];
  let bytes = 0;
  for (const change of changes) {
    const size = change.after?.length ?? 0;
    const last = all[all.length - 1] as Change[];
    if (last.length > 0 && (last.length + 1 >= MOST_OPERATIONS || bytes + size > MOST_BYTES)) {
      all.push([change]);
      bytes = size;
    } else {
      last.push(change);
      bytes += size;
    }
  }
  return all;
}

/**
 * Writes changes, each on the condition that its key is as it was read.
 *
 * One transaction where they fit into one. Where they do not, the manifest goes first: from then on the tree is not what
 * it says, nodes stay with what they have, and the last transaction makes it right. Every later transaction is on the
 * condition that the manifest is still this run's. A run that is killed in between leaves a tree that nobody takes and
 * that the next run completes.
 *
 * @param manifest the new one, and the key as it was read
 * @returns the number of transactions
 * @throws OperationFailure conflict, when somebody else has written meanwhile
 */
export async function write(
  consul: Consul,
  prefix: string,
  changes: readonly Change[],
  manifest: { readonly text: Buffer; readonly before: Entry | undefined },
  signal: AbortSignal,
): Promise<number> {
  const key = `${prefix}${MANIFEST}`;
  const all = portions(changes);
  let claimed: number | undefined;
  for (const [at, portion] of all.entries()) {
    if (signal.aborted) {
      throw new OperationFailure("interrupted", `${at} of ${all.length} transactions are written`, COMPLETE);
    }
    const first: Operation =
      claimed === undefined
        ? set(key, manifest.text, manifest.before?.index ?? 0)
        : { KV: { Verb: "check-index", Key: key, Index: claimed } };
    const answer = await transact(consul, [first, ...portion.map((change) => operation(prefix, change))]);
    claimed ??= answer.Results?.find(({ KV }) => KV.Key === key)?.KV.ModifyIndex;
  }
  return all.length;
}

const COMPLETE = "nodes stay with what they have: run it again to complete it";

const operation = (prefix: string, { path, after, index }: Change): Operation =>
  after === undefined
    ? { KV: { Verb: "delete-cas", Key: `${prefix}${path}`, Index: index } }
    : set(`${prefix}${path}`, after, index);

const set = (key: string, value: Buffer, index: number): Operation => ({
  KV: { Verb: "cas", Key: key, Value: value.toString("base64"), Index: index },
});

async function transact(consul: Consul, operations: readonly Operation[]): Promise<Answer> {
  const { status, body } = await consul.put("/v1/txn", operations, [409]);
  if (status === 200) {
    return JSON.parse(body) as Answer;
  }
  const [error] = (JSON.parse(body) as Answer).Errors ?? [];
  const key = error === undefined ? "a key" : (operations[error.OpIndex]?.KV.Key ?? "a key");
  const said = error?.What.replace(/\s*\n\s*/g, " ") ?? body;
  if (/Permission denied|ACL not found/i.test(said)) {
    throw new OperationFailure(
      "denied",
      `${key}: ${said}`,
      "set CONSUL_HTTP_TOKEN to a token that may write it",
    );
  }
  throw new OperationFailure(
    "conflict",
    `somebody else has changed ${key} meanwhile: ${said}`,
    "nothing of this transaction is written: look at what has changed, and run it again",
  );
}
