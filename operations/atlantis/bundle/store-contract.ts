import { OperationFailure } from "../../failure";

/** Where bundles are kept, each under its commit, written once. */
export interface Store {
  /** Address of a commit's bundle, for people. */
  addressOf(commit: string): string;
  /** @returns undefined when there is none yet; at most a little more than a bundle may have */
  get(commit: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * @returns false when these very bytes are there already
   * @throws OperationFailure conflict when others are there: they stay
   */
  put(commit: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
}

/** Of a commit whose bundle in a store is another. */
export const conflict = (address: string): OperationFailure =>
  new OperationFailure(
    "conflict",
    `${address} is there already, with other stacks than these`,
    "a commit's bundle is written once: find out what the other synth of this commit did otherwise, or push another commit",
  );
