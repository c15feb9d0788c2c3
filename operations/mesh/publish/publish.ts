import type { MeshRole } from "../../../environment/mesh/node-settings";
import { Consul } from "../../consul/client";
import { OperationFailure } from "../../failure";
import type { Files } from "./files";
import { write } from "./transactions";
import { changesOf, checkFiles, MANIFEST, manifestOf, type Change, type Tree } from "./tree";

export interface PublishRequest {
  readonly environment: string;
  readonly role: MeshRole;
  readonly files: Files;
  readonly consul: Consul;
  /** Reads alone. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface PublishResult {
  readonly environment: string;
  readonly role: MeshRole;
  /** Where the files are in Consul. */
  readonly prefix: string;
  /** Digest of all of them, by which a node tells a whole tree. */
  readonly sha256: string;
  readonly changes: readonly Change[];
  /** Whether Consul had another tree; also when it was one that only its manifest did not fit. */
  readonly stale: boolean;
  readonly dryRun: boolean;
  /** 0 when nothing was written. */
  readonly transactions: number;
}

/** KV tree of a role's files. */
export const filesPrefix = (environment: string, role: MeshRole) => `skyline/${environment}/files/${role}/`;

/** Makes the tree of a role in Consul what `files` is: writes what differs, removes what is no longer there. */
export async function publish(request: PublishRequest): Promise<PublishResult> {
  const { environment, role, files, consul, dryRun, signal } = request;
  checkFiles(files);
  const prefix = filesPrefix(environment, role);
  const tree = await readTree(consul, prefix);
  const changes = changesOf(tree, files);
  const text = manifestOf(files);
  const before = tree.get(MANIFEST);
  const stale = changes.length > 0 || before === undefined || !before.value.equals(text);
  const { sha256 } = JSON.parse(text.toString()) as { sha256: string };
  const result = { environment, role, prefix, sha256, changes, stale, dryRun };
  if (!stale || dryRun) {
    return { ...result, transactions: 0 };
  }
  const transactions = await write(consul, prefix, changes, { text, before }, signal);
  await confirm(consul, prefix, files, text);
  return { ...result, transactions };
}

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
}

/** All keys of the tree at one moment. A key that ends with `/` is a folder of Consul's own pages and no file. */
async function readTree(consul: Consul, prefix: string): Promise<Tree> {
  const pairs = (await consul.get<Pair[]>(`/v1/kv/${prefix}`, { recurse: "" })) ?? [];
  return new Map(
    pairs
      .filter(({ Key }) => !Key.endsWith("/"))
      .map(({ Key, Value, ModifyIndex }) => [
        Key.slice(prefix.length),
        { value: Buffer.from(Value ?? "", "base64"), index: ModifyIndex },
      ]),
  );
}

/** A file that did not change was no part of a transaction: somebody may have written it since it was read. */
async function confirm(consul: Consul, prefix: string, files: Files, manifest: Buffer): Promise<void> {
  const tree = await readTree(consul, prefix);
  const [changed] = changesOf(tree, files);
  if (changed !== undefined || tree.get(MANIFEST)?.value.equals(manifest) !== true) {
    throw new OperationFailure(
      "verification",
      `${prefix}${changed?.path ?? MANIFEST} is not what was published: somebody else writes there`,
      "nodes stay with what they have: look at what has changed, and run it again",
    );
  }
}
