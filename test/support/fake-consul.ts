import { randomUUID } from "node:crypto";
import { Consul, type ConsulAnswer } from "../../operations/consul/client";
import type { Operation } from "../../operations/consul/transaction";
import { OperationFailure } from "../../operations/failure";

interface Entry {
  readonly key: string;
  /** Base64. */
  readonly value: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
  readonly lockIndex: number;
  readonly session?: string;
}

/** Keys, sessions and workers, as Consul's state store keeps them: one, for as many clients as there are. */
export class FakeStore {
  readonly entries = new Map<string, Entry>();
  readonly sessions = new Set<string>();
  /** Healthy workers by cluster. */
  workers: Readonly<Record<string, number>> = {};
  private touched = new Set<string>();
  /** Raft's index, which rises with each write. */
  private index = 10;

  text(key: string): string | undefined {
    const entry = this.entries.get(key);
    return entry === undefined ? undefined : Buffer.from(entry.value, "base64").toString("utf8");
  }

  /** Keys that were written or deleted since it was asked last. */
  changes(): ReadonlySet<string> {
    const touched = this.touched;
    this.touched = new Set();
    return touched;
  }

  /** Writes over a key, as anybody with a token may. */
  write(key: string, text: string): void {
    const value = Buffer.from(text).toString("base64");
    const before = this.entries.get(key);
    this.commit([[key, this.stamped(before, { ...blank(key), ...before, value })]]);
  }

  delete(key: string): void {
    this.commit([[key, undefined]]);
  }

  /** Ends a session: its locks are freed, and their keys stay. */
  end(session: string): void {
    this.sessions.delete(session);
    const held = [...this.entries.values()].filter((entry) => entry.session === session);
    this.commit(held.map((entry) => [entry.key, this.stamped(entry, { ...entry, session: undefined })]));
  }

  /** All of it or nothing. */
  transact(operations: readonly FakeOperation[]): { status: number; body: string } {
    const pending = new Map<string, Entry | undefined>();
    const results: object[] = [];
    const errors: object[] = [];
    operations.forEach(({ KV }, at) => {
      const entry = pending.has(KV.Key) ? pending.get(KV.Key) : this.entries.get(KV.Key);
      const done = this.apply(entry, KV);
      if (typeof done === "string") {
        errors.push({ OpIndex: at, What: done });
        return;
      }
      if ("next" in done) pending.set(KV.Key, done.next);
      const result = "next" in done ? done.next : done.result;
      if (result !== undefined) results.push({ KV: shown(result, KV.Verb === "get-or-empty") });
    });
    if (errors.length > 0) {
      return { status: 409, body: JSON.stringify({ Results: null, Errors: errors }) };
    }
    this.commit(pending);
    return { status: 200, body: JSON.stringify({ Results: results, Errors: null }) };
  }

  /** Why not, or the entry that there is next, or the one that is told of. */
  private apply(
    entry: Entry | undefined,
    { Verb, Key, Value = "", Index = 0, Session = "" }: FakeOperation["KV"],
  ): string | { next: Entry | undefined } | { result: Entry | undefined } {
    const put = (session: string | undefined, lockIndex: number) => ({
      next: this.stamped(entry, { ...blank(Key), value: Value, session, lockIndex }),
    });
    switch (Verb) {
      case "cas":
        return Index === (entry?.modifyIndex ?? 0)
          ? put(entry?.session, 0)
          : `failed to set key "${Key}", index is stale`;
      case "delete-cas":
        return entry === undefined || entry.modifyIndex === Index
          ? { next: undefined }
          : `failed to delete key "${Key}", index is stale`;
      case "delete":
        return { next: undefined };
      case "lock":
        if (!this.sessions.has(Session)) return `invalid session "${Session}"`;
        return entry?.session !== undefined && entry.session !== Session
          ? `failed to lock key "${Key}", lock is already held`
          : put(Session, entry?.session === Session ? entry.lockIndex : (entry?.lockIndex ?? 0) + 1);
      case "check-session":
        if (entry === undefined) return `failed to check session, key "${Key}" doesn't exist`;
        return (entry.session ?? "") === Session
          ? { result: entry }
          : `failed session check for key "${Key}", current session "${entry.session ?? ""}" != "${Session}"`;
      case "check-index":
        if (entry === undefined) return `failed to check index, key "${Key}" doesn't exist`;
        return entry.modifyIndex === Index
          ? { result: entry }
          : `failed index check for key "${Key}", current modify index ${entry.modifyIndex} != ${Index}`;
      case "check-not-exists":
        return entry === undefined ? { result: undefined } : `key "${Key}" exists`;
      case "get-or-empty":
        return { result: entry ?? blank(Key) };
    }
  }

  private commit(changes: Iterable<readonly [string, Entry | undefined]>): void {
    for (const [key, entry] of changes) {
      this.touched.add(key);
      if (entry === undefined) this.entries.delete(key);
      else this.entries.set(key, entry);
    }
    this.index++;
  }

  /** An entry that is the same as before keeps its index. */
  private stamped(before: Entry | undefined, next: Entry): Entry {
    const same =
      before !== undefined &&
      before.value === next.value &&
      before.session === next.session &&
      before.lockIndex === next.lockIndex;
    return same
      ? before
      : { ...next, createIndex: before?.createIndex ?? this.index, modifyIndex: this.index };
  }
}

/** What {@link FakeStore.transact} takes. */
export interface FakeOperation {
  readonly KV: Omit<Operation["KV"], "Verb"> & { readonly Verb: Operation["KV"]["Verb"] | "get-or-empty" };
}

/** What becomes of a call: a client that dies may do so before Consul has heard it, or before it hears of Consul. */
export type Fate = "heard" | "dies before" | "dies after";

/**
 * As much of Consul's HTTP API as the dial uses, in memory: `test/operations/dial/fake-consul.test.ts` compares it with
 * the real one. Each call first waits for its fate, so that a test decides who comes when.
 */
export class FakeConsul extends Consul {
  constructor(
    private readonly store: FakeStore,
    private readonly fate: () => Promise<Fate> = () => Promise.resolve("heard"),
  ) {
    super({ settings: { url: new URL("http://consul.invalid"), tls: { rejectUnauthorized: true } } });
  }

  override uninterrupted(): Consul {
    return this;
  }

  override get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T | undefined> {
    return this.call(() => this.found(path, query) as T | undefined);
  }

  private async call<T>(work: () => T): Promise<T> {
    const fate = await this.fate();
    if (fate === "dies before") throw new OperationFailure("unreachable", "died before the call");
    const answer = work();
    if (fate === "dies after") throw new OperationFailure("unreachable", "died after the call");
    return answer;
  }

  private found(path: string, query: Readonly<Record<string, string>>): unknown {
    const { entries, workers } = this.store;
    if (path.startsWith("/v1/kv/")) {
      const key = path.slice("/v1/kv/".length);
      const found =
        "keys" in query
          ? [...entries.keys()].filter((each) => each.startsWith(key)).sort()
          : [...entries.values()].filter((each) => each.key === key).map((each) => shown(each, true));
      return found.length === 0 ? undefined : found;
    }
    if (path === "/v1/health/service/kubernetes-worker") {
      return Object.entries(workers).flatMap(([cluster, count]) =>
        Array.from({ length: count }, () => ({ Service: { Meta: { cluster } } })),
      );
    }
    throw new Error(`the fake knows no GET ${path}`);
  }

  override put(path: string, document: unknown, accepted: readonly number[] = []): Promise<ConsulAnswer> {
    return this.call(() => {
      const { status, body } = this.answer(path, document);
      if (status !== 200 && !accepted.includes(status)) {
        throw new Error(`PUT ${path}: ${status} ${body}`);
      }
      return { status, body, filtered: false };
    });
  }

  private answer(path: string, document: unknown): { status: number; body: string } {
    const { store } = this;
    const session = path.split("/").at(-1) ?? "";
    if (path === "/v1/txn") {
      return store.transact(document as readonly FakeOperation[]);
    }
    if (path === "/v1/session/create") {
      const ID = randomUUID();
      store.sessions.add(ID);
      return { status: 200, body: JSON.stringify({ ID }) };
    }
    if (path.startsWith("/v1/session/destroy/")) {
      store.end(session);
      return { status: 200, body: "true" };
    }
    if (path.startsWith("/v1/session/renew/")) {
      return store.sessions.has(session)
        ? { status: 200, body: "[]" }
        : { status: 404, body: `Session id '${session}' not found` };
    }
    throw new Error(`the fake knows no PUT ${path}`);
  }
}

const blank = (key: string): Entry => ({ key, value: "", createIndex: 0, modifyIndex: 0, lockIndex: 0 });

const shown = ({ key, value, createIndex, modifyIndex, lockIndex, session }: Entry, whole: boolean) => ({
  Key: key,
  Value: whole && value !== "" ? value : null,
  CreateIndex: createIndex,
  ModifyIndex: modifyIndex,
  LockIndex: lockIndex,
  ...(session === undefined ? {} : { Session: session }),
});
