import { createHash } from "node:crypto";
import { OperationFailure } from "../../failure";
import type { Files } from "./files";

/** Says what the whole tree is; see docs/commands/mesh-publish.md. No file of a node's. */
export const MANIFEST = ".manifest.json";

/** What `skyline-mirror` on the nodes takes. */
const MOST_BYTES = 64 * 1024;
const MOST_FILES = 1000;

/** A key as Consul has it. */
export interface Entry {
  readonly value: Buffer;
  /** Version of the key, for check-and-set. */
  readonly index: number;
}

/** Keys below the tree of a role, by their paths. */
export type Tree = ReadonlyMap<string, Entry>;

export interface Change {
  readonly path: string;
  readonly action: "add" | "change" | "remove";
  /** Undefined where there is none. */
  readonly before?: Buffer;
  readonly after?: Buffer;
  /** Version that the change is on the condition of; 0: there is no such key. */
  readonly index: number;
}

/** What makes one tree into another, in the order of paths; the manifest is left out. */
export function changesOf(tree: Tree, files: Files): readonly Change[] {
  const paths = [...new Set([...tree.keys(), ...files.keys()])].filter((path) => path !== MANIFEST).sort();
  return paths.flatMap((path): Change[] => {
    const [entry, after] = [tree.get(path), files.get(path)];
    if (entry === undefined) {
      return [{ path, action: "add", after, index: 0 }];
    }
    const { value: before, index } = entry;
    if (after === undefined) {
      return [{ path, action: "remove", before, index }];
    }
    return before.equals(after) ? [] : [{ path, action: "change", before, after, index }];
  });
}

/**
 * The digest of all files: a node takes a tree only when it has this one, so that a tree of which half is written is
 * taken by nobody.
 */
export function manifestOf(files: Files): Buffer {
  const digest = createHash("sha256");
  const sorted = [...files].map(([path, data]) => [Buffer.from(path), data] as const);
  // By bytes, as Python sorts the same paths.
  for (const part of sorted.sort(([a], [b]) => Buffer.compare(a, b)).flat()) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    digest.update(length).update(part);
  }
  return Buffer.from(JSON.stringify({ format: 1, files: files.size, sha256: digest.digest("hex") }) + "\n");
}

/** @throws OperationFailure refused, for files that no node would take */
export function checkFiles(files: Files): void {
  const large = [...files].find(([, data]) => data.length > MOST_BYTES);
  if (large !== undefined) {
    const [path, { length }] = large;
    throw new OperationFailure(
      "refused",
      `${path} has ${length} bytes, and nodes take at most ${MOST_BYTES}`,
    );
  }
  if (files.size >= MOST_FILES) {
    throw new OperationFailure(
      "refused",
      `there are ${files.size} files, and nodes take fewer than ${MOST_FILES}`,
    );
  }
  const odd = [...files.keys()].find(
    (path) => path === MANIFEST || !/^[\w.-]+(\/[\w.-]+)*$/.test(path) || /(^|\/)\.{1,2}(\/|$)/.test(path),
  );
  if (odd !== undefined) {
    throw new OperationFailure("refused", `${JSON.stringify(odd)} is no path that can be published`);
  }
}
