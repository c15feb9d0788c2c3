import fc from "fast-check";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironment } from "../../../environment/load";
import type { AuditRecord } from "../../../operations/dial/audit";
import { initialWeights } from "../../../operations/dial/clusters";
import { auditPrefix, dialKey, lockKey } from "../../../operations/dial/keys";
import { parseDial } from "../../../operations/dial/state";
import { riseOf, weightOf, wrongWeights } from "../../../operations/dial/weights";
import { event, perform, personsCommand, type End, type Event } from "../../support/dial-commands";
import { dialFolder } from "../../support/dial-world";
import { FakeConsul, type Fate, FakeStore } from "../../support/fake-consul";
import { randomNumbers, seed } from "../../support/property";

// Two people at the dial of one environment, whose calls of Consul come in any order, who may die at each of them; and
// whatever else happens to Consul meanwhile. Nothing of it breaks what holds of the dial.

jest.setTimeout(600_000);

const folder = dialFolder();
const environment = loadEnvironment(join(folder, "environments", "development.yaml"));
const START = Date.parse("2026-01-31T12:00:00Z");
const KEY = dialKey("development");
const AUDIT = auditPrefix("development");
const LOCK = lockKey("development");

beforeEach(() => {
  // The clock is the test's, and everything else that has to do with time is not.
  const timers = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"] as const;
  jest.useFakeTimers({
    now: START,
    doNotFake: [...timers, "clearImmediate", "nextTick", "queueMicrotask", "performance", "hrtime"],
  });
});
afterEach(() => jest.useRealTimers());
afterAll(() => rmSync(folder, { recursive: true }));

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      command: personsCommand,
      /** Of its calls, the one in which its process dies. */
      dies: fc.oneof(
        { weight: 7, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.record({ call: fc.nat(20), after: fc.boolean() }) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ event }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** How often commands ended how: a test whose commands are all refused says nothing. */
type Ends = Partial<Record<End, number>>;

/** Plays the steps by two people; the order of their calls is that of the numbers. */
async function play(steps: readonly Step[], order: number): Promise<Ends> {
  jest.setSystemTime(START);
  const store = new FakeStore();
  store.workers = { alpha: 2, bravo: 2, charlie: 1, delta: 1 };
  const watch = new Watch(store);
  const random = randomNumbers(order);
  const ends: Ends = {};
  const waiting: (() => void)[] = [];
  const people = [{ name: "ann" }, { name: "bob" }].map((person) => ({ ...person, busy: false }));
  const failures: unknown[] = [];
  const next = [...steps].reverse();

  const begin = (person: (typeof people)[number], { command, dies }: Extract<Step, { command: unknown }>) => {
    let calls = 0;
    let dead = false;
    const fate = async (): Promise<Fate> => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (dead) return "dies before";
      dead = dies !== null && calls++ === dies.call;
      return dead ? (dies?.after === true ? "dies after" : "dies before") : "heard";
    };
    person.busy = true;
    perform(command, new FakeConsul(store, fate), environment, person.name)
      .then((end) => (ends[end] = (ends[end] ?? 0) + 1))
      .catch((error: unknown) => failures.push(error))
      .finally(() => (person.busy = false));
  };

  while (next.length > 0 || people.some(({ busy }) => busy)) {
    const free = people.filter(({ busy }) => !busy);
    const step = next.at(-1);
    const isEvent = step !== undefined && "event" in step;
    if (isEvent && (step.event.kind !== "workers" || free.length === people.length)) {
      next.pop();
      happen(step.event, store, watch);
      // Nobody renews the sessions of the dead.
      if (step.event.kind === "time" && free.length === people.length) {
        store.sessions.forEach((session) => store.end(session));
      }
    } else if (step !== undefined && !isEvent && free.length > 0 && random() < 0.5) {
      next.pop();
      begin(free[Math.floor(random() * free.length)]!, step);
      await settled();
    } else if (waiting.length > 0) {
      const [call] = waiting.splice(Math.floor(random() * waiting.length), 1);
      call?.();
      await settled();
      watch.look();
    }
    if (failures.length > 0) throw failures[0];
  }
  return ends;
}

/** Until everybody waits for their turn, or is done. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function happen(event: Event, store: FakeStore, watch: Watch): void {
  switch (event.kind) {
    case "time":
      jest.setSystemTime(Date.now() + event.seconds * 1000);
      return;
    case "workers":
      store.workers = event.workers;
      return;
    case "lose the lock": {
      const holder = store.entries.get(LOCK)?.session;
      if (holder !== undefined) store.end(holder);
      return;
    }
    case "break":
      store.write(`skyline/development/${event.key}`, event.text);
      break;
    case "delete":
      store.delete(`skyline/development/${event.key}`);
      break;
  }
  watch.byHand();
}

/** Looks at the dial after each call, and knows what must hold of it. */
class Watch {
  private readonly records = new Map<number, AuditRecord>();
  /** Session that holds the lock. */
  private holder: string | undefined;
  /** Sessions by the runs that took the lock with them. */
  private readonly sessions = new Map<string, string>();
  /** What gateways go by; null when nobody can tell: a broken key, and no record. */
  private inForce: AuditRecord["from"] = { generation: 0, weights: initialWeights(environment) };

  constructor(private readonly store: FakeStore) {}

  /** What somebody has written by hand is in force when it is whole; otherwise what was written last is. */
  byHand(): void {
    const text = this.store.text(KEY);
    const dial = parseDial(text ?? "");
    const last = this.records.get(this.newest);
    const never = text === undefined ? { generation: 0, weights: initialWeights(environment) } : null;
    const { generation, weights } = (typeof dial === "string" ? last : dial) ?? never ?? {};
    this.inForce = generation === undefined || weights === undefined ? null : { generation, weights };
    this.holder = this.store.entries.get(LOCK)?.session;
    this.store.changes();
  }

  look(): void {
    const changes = [...this.store.changes()];
    if (changes.includes(LOCK)) this.lookAtLock();
    const audited = changes.filter((key) => key.startsWith(AUDIT)).map((key) => key.slice(AUDIT.length));
    if (!changes.includes(KEY)) {
      expect(audited).toEqual([]);
      return;
    }
    // Whole numbers whose sum is 100, and a generation that is one higher.
    const dial = parseDial(this.store.text(KEY) ?? "");
    if (typeof dial === "string") throw new Error(`a run has written what is no dial: ${dial}`);
    expect(wrongWeights(dial.weights)).toBeUndefined();
    expect(dial.generation).toBe(Math.max(this.newest, this.inForce?.generation ?? 0) + 1);
    // Exactly one record, which is new, and says what the dial says and from what it came.
    expect(audited).toEqual([String(dial.generation)]);
    expect(this.records.has(dial.generation)).toBe(false);
    const record = JSON.parse(this.store.text(`${AUDIT}${dial.generation}`) ?? "null") as AuditRecord;
    expect(record).toMatchObject({ ...dial, from: this.inForce });
    // Who gets more was there to take it.
    const before = this.inForce?.weights ?? {};
    for (const name of Object.keys(dial.weights).filter((each) => riseOf(before, dial.weights, each) > 0)) {
      expect(["alpha", "bravo", "charlie"]).toContain(name);
      expect({ name, workers: weightOf(this.store.workers, name) }).not.toEqual({ name, workers: 0 });
    }
    // By the one who held the lock.
    expect(this.store.entries.get(LOCK)?.session).toBe(this.sessions.get(record.run ?? ""));

    this.records.set(dial.generation, record);
    this.inForce = { generation: dial.generation, weights: dial.weights };
  }

  private lookAtLock(): void {
    const [session, before] = [this.store.entries.get(LOCK)?.session, this.holder];
    this.holder = session;
    if (session === undefined) return;
    expect(this.store.sessions.has(session)).toBe(true);
    // Nobody takes it while somebody has it: who may break it ends the session first.
    if (before !== undefined && before !== session) expect(this.store.sessions.has(before)).toBe(false);
    this.sessions.set((JSON.parse(this.store.text(LOCK) ?? "") as { run: string }).run, session);
  }

  private get newest(): number {
    return Math.max(0, ...[...this.records.keys()].slice(-1));
  }
}

const LONG = 10_000;

test("no short sequence of commands breaks an invariant", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), async (steps, order) => {
      await play(steps, order);
    }),
    { seed, numRuns: 100 },
  );
});

test(`nor does one of ${LONG}`, async () => {
  const steps = fc.sample(step, { numRuns: LONG, seed });
  const ends = await play(steps, seed);
  // All ends of a command were seen, and enough of them.
  const kinds = [
    "changed",
    "nothing",
    "conflict",
    "refused",
    "invalid",
    "interrupted",
    "unreachable",
  ] as const;
  expect(kinds.filter((end) => (ends[end] ?? 0) < LONG / 100)).toEqual([]);
  expect(ends.changed).toBeGreaterThan(LONG / 20);
});
