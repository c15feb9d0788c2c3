import type { Consul } from "../../consul/client";
import {
  indexOf,
  MOST_OPERATIONS,
  remove,
  set,
  transact,
  unchanged,
  type Operation,
} from "../../consul/transaction";
import { OperationFailure } from "../../failure";
import { MANIFEST, type Change, type Entry } from "./tree";

/** Consul takes 512 KiB of JSON in a transaction, in which values are base64. */
const MOST_BYTES = 256 * 1024;

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
      claimed === undefined ? set(key, manifest.text, manifest.before?.index ?? 0) : unchanged(key, claimed);
    const written = await transact(
      consul,
      [first, ...portion.map((change) => operation(prefix, change))],
      "nothing of this transaction is written: look at what has changed, and run it again",
    );
    claimed ??= indexOf(key, written);
  }
  return all.length;
}

const COMPLETE = "nodes stay with what they have: run it again to complete it";

const operation = (prefix: string, { path, after, index }: Change): Operation =>
  after === undefined ? remove(`${prefix}${path}`, index) : set(`${prefix}${path}`, after, index);
