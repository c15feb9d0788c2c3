import fc from "fast-check";
import { Consul } from "../../../operations/consul/client";
import { consulSettings } from "../../../operations/consul/settings";
import { ConsulServer } from "../../support/consul-server";
import { FakeConsul, type FakeOperation, FakeStore } from "../../support/fake-consul";
import { seed } from "../../support/property";

// The property test of the dial runs against a fake of Consul: this is where the fake is held against the real one.

jest.setTimeout(120_000);

const COMMANDS = 500;
const KEYS = ["a", "b", "c"].map((name) => `skyline/compared/${name}`);
const VERBS = [
  ...(["cas", "cas", "delete-cas", "delete", "lock", "lock"] as const),
  ...(["check-index", "check-not-exists", "check-session", "get-or-empty"] as const),
] as const;

/** Words for what only a run knows: which index a key has, which sessions there are. */
interface Part {
  readonly verb: (typeof VERBS)[number];
  readonly key: number;
  readonly value: string;
  readonly index: "as it is" | "as it was" | "none";
  readonly session: number;
}
type Command =
  | { readonly kind: "create" }
  | { readonly kind: "destroy" | "renew"; readonly session: number }
  | { readonly kind: "transact"; readonly parts: readonly Part[] };

const part = fc.record<Part>({
  verb: fc.constantFrom(...VERBS),
  key: fc.nat(KEYS.length - 1),
  value: fc.constantFrom("eA==", "eQ=="),
  index: fc.constantFrom("as it is", "as it is", "as it is", "as it was", "none"),
  session: fc.nat(3),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: "create" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("destroy" as const, "renew" as const), session: fc.nat(3) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("transact" as const),
      parts: fc.array(part, { minLength: 1, maxLength: 3 }),
    }),
  },
);

/** One of both, and what it has said of itself, in words that do not depend on which it is. */
class Compared {
  private readonly sessions: string[] = [];
  private readonly indexes: number[] = [];
  private readonly was = new Map<string, number>();

  constructor(private readonly consul: Consul) {}

  /** @returns the answer, and all keys as they are then */
  async run(command: Command): Promise<unknown> {
    const answer = await this.answer(command);
    const keys = (await this.consul.get<string[]>("/v1/kv/skyline/compared/", { keys: "" })) ?? [];
    return { answer, keys, entries: await this.entries() };
  }

  private async answer(command: Command): Promise<unknown> {
    if (command.kind === "create") {
      const document = { LockDelay: "0s", Behavior: "release", NodeChecks: [] };
      const { body } = await this.consul.put("/v1/session/create", document);
      this.sessions.push((JSON.parse(body) as { ID: string }).ID);
      return undefined;
    }
    if (command.kind !== "transact") {
      const path = `/v1/session/${command.kind}/${this.session(command.session)}`;
      return (await this.consul.put(path, undefined, [404])).status;
    }
    const now = new Map((await this.raw()).map(({ Key, ModifyIndex }) => [Key, ModifyIndex]));
    const operations = command.parts.map((part) => this.operation(part, now));
    now.forEach((index, key) => this.was.set(key, index));
    const { status, body } = await this.consul.put("/v1/txn", operations, [409]);
    const { Results, Errors } = JSON.parse(body) as { Results: { KV: Pair }[] | null; Errors: unknown };
    return { status, results: Results?.map(({ KV }) => this.worded(KV)), errors: plain(Errors) };
  }

  private operation({ verb, key, value, index, session }: Part, now: ReadonlyMap<string, number>) {
    const Key = KEYS[key] as string;
    const Index = { "as it is": now.get(Key) ?? 0, "as it was": this.was.get(Key) ?? 0, none: 0 }[index];
    // Each with what its verb takes: Consul's answer has what else it was given.
    const valued = verb === "cas" || verb === "lock" ? { Value: value } : {};
    const owned = verb === "lock" || verb === "check-session" ? { Session: this.session(session) } : {};
    const known = ["cas", "delete-cas", "check-index"].includes(verb) ? { Index } : {};
    return { KV: { Verb: verb, Key, ...known, ...valued, ...owned } } as FakeOperation;
  }

  private session(at: number): string {
    return this.sessions.at(-1 - at) ?? "00000000-0000-4000-8000-000000000000";
  }

  private async entries() {
    return (await this.raw()).map((pair) => this.worded(pair));
  }

  private async raw(): Promise<Pair[]> {
    const found = await Promise.all(KEYS.map((key) => this.consul.get<Pair[]>(`/v1/kv/${key}`)));
    return found.flatMap((pairs) => pairs ?? []);
  }

  /** Indexes by the order in which they came, sessions by the order in which they were made. */
  private worded({ Key, Value, ModifyIndex, CreateIndex, LockIndex, Session }: Pair) {
    const [created, modified] = [CreateIndex, ModifyIndex].map((index) => this.ordinal(index));
    const session = Session === undefined ? null : this.sessions.indexOf(Session);
    return { Key, Value, created, modified, LockIndex, session };
  }

  private ordinal(index: number): number {
    if (index === 0) return -1;
    if (!this.indexes.includes(index)) this.indexes.push(index);
    return this.indexes.indexOf(index);
  }
}

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
  readonly CreateIndex: number;
  readonly LockIndex: number;
  readonly Session?: string;
}

/** Errors without the numbers of one system. */
const plain = (errors: unknown): unknown =>
  JSON.parse(
    (JSON.stringify(errors) ?? "null")
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "@")
      .replace(/index \d+ != \d+/g, "index # != #"),
  );

test(`the fake says what Consul says, over ${COMMANDS} random operations`, async () => {
  const server = await ConsulServer.start("development");
  try {
    const real = new Compared(new Consul({ settings: consulSettings(server.env) }));
    const fake = new Compared(new FakeConsul(new FakeStore()));
    const commands = fc.sample(command, { numRuns: COMMANDS, seed });
    const statuses = new Map<string, number>();
    for (const [at, each] of commands.entries()) {
      const [said, expected] = [await fake.run(each), await real.run(each)];
      expect({ at, each, said }).toEqual({ at, each, said: expected });
      const { status } = ((said as { answer?: { status?: number } }).answer ?? {}) as { status?: number };
      if (status !== undefined) statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
    }
    // Both ends of a transaction were seen often, or the comparison says little.
    expect(Math.min(statuses.get("200") ?? 0, statuses.get("409") ?? 0)).toBeGreaterThan(50);
  } finally {
    await server.stop();
  }
});
