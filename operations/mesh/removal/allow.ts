import type { Consul } from "../../consul/client";
import { readKey } from "../../consul/key";
import { remove, set, transact } from "../../consul/transaction";
import { ALL, isLive, merge, parseRemoval, removalKey, without, type Removal } from "./removal";

export interface RemovalResult {
  readonly environment: string;
  readonly key: string;
  readonly action: "write" | "delete" | "none";
  /** What was in force, whoever wrote it. */
  readonly before: Removal | null;
  /** What is in force now, or would be. */
  readonly after: Removal | null;
  /** A text that was there and that nodes do not take, other than one that has ended. */
  readonly unreadable: string | null;
  readonly dryRun: boolean;
}

interface Request {
  readonly environment: string;
  readonly consul: Consul;
  /** Reads alone. */
  readonly dryRun: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Gives leave, beside what is in force already. @throws OperationFailure conflict, when somebody else was first */
export function allowRemoval(request: Request & { readonly wanted: Removal }): Promise<RemovalResult> {
  const { wanted } = request;
  return change(request, (live) => (live === undefined ? wanted : merge(live, wanted)));
}

/** Takes leave back: of these names, or all of it. @throws OperationFailure conflict, when somebody else was first */
export function revokeRemoval(
  request: Request & { readonly names: readonly string[] },
): Promise<RemovalResult> {
  const { names } = request;
  return change(request, (live) =>
    live === undefined || names.length === 0 || names.includes(ALL) ? undefined : without(live, names),
  );
}

async function change(
  { environment, consul, dryRun, now }: Request,
  next: (live: Removal | undefined) => Removal | undefined,
): Promise<RemovalResult> {
  const key = removalKey(environment);
  const { text = "", index } = await readKey(consul, key);
  const found = parseRemoval(text);
  const before = found !== undefined && isLive(found, now) ? found : undefined;
  const after = next(before);
  const action =
    after === undefined ? (index === 0 ? "none" : "delete") : same(before, after) ? "none" : "write";
  if (!dryRun && action !== "none") {
    await write(consul, key, after, index);
  }
  return {
    environment,
    key,
    action,
    before: before ?? null,
    after: after ?? null,
    unreadable: text !== "" && (found === undefined || endsLate(found, now)) ? text.slice(0, 500) : null,
    dryRun,
  };
}

const endsLate = (found: Removal, now: number) => !isLive(found, now) && Date.parse(found.expires) > now;

const same = (one: Removal | undefined, other: Removal) => JSON.stringify(one) === JSON.stringify(other);

/** On the condition that the key is as it was read. */
async function write(
  consul: Consul,
  key: string,
  removal: Removal | undefined,
  index: number,
): Promise<void> {
  const operation =
    removal === undefined ? remove(key, index) : set(key, Buffer.from(`${JSON.stringify(removal)}\n`), index);
  await transact(consul, [operation], "nothing is written: run it again, and it takes theirs into account");
}
