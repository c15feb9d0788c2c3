import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "../../failure";
import { checkCommit, readBundle, type Bundle } from "./format";
import type { Store } from "./store-contract";

/** The synth job takes a minute or two. */
const POLL_MS = 5000;

export interface FetchOptions {
  readonly store: Store;
  readonly commit: string;
  /** For how long a bundle that is not there yet is waited for. @default 0 */
  readonly waitMs?: number;
  /** @default 5000 */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
  /** Told once, when there is something to wait for. */
  readonly report?: (line: string) => void;
}

/**
 * Takes the bundle of a commit from a store: whole, of this commit and in the form that publish writes. Its code is not
 * judged yet: that is `checkCode`.
 *
 * @throws OperationFailure timeout when it is not there in time; as the store and {@link readBundle} do
 */
export async function fetchBundle(options: FetchOptions): Promise<Bundle> {
  const { store, commit, waitMs = 0, pollMs = POLL_MS, signal, report } = options;
  checkCommit(commit);
  const address = store.addressOf(commit);
  const deadline = performance.now() + waitMs;
  for (let told = false; ; told = true) {
    const bytes = await store.get(commit, signal);
    if (bytes !== undefined) {
      return readBundle(bytes, commit, address);
    }
    const left = deadline - performance.now();
    if (left <= 0) {
      throw new OperationFailure(
        "timeout",
        `there is no ${address}`,
        "look whether the synth job of this commit has ended well, and plan again when it has",
      );
    }
    if (!told) {
      report?.(`Waiting for the synth job to publish ${address} …`);
    }
    await sleep(Math.min(pollMs, left), undefined, { signal }).catch(() => {
      throw new OperationFailure("interrupted", "interrupted");
    });
  }
}
