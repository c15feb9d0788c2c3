import fc from "fast-check";
import type { Environment } from "../../environment/schema";
import type { Consul } from "../../operations/consul/client";
import { OperationFailure, type FailureKind } from "../../operations/failure";
import { goBack } from "../../operations/dial/back";
import { readPosition, writeDial } from "../../operations/dial/change";
import { clusterStates } from "../../operations/dial/clusters";
import { drainCluster } from "../../operations/dial/drain";
import { assertAllowed } from "../../operations/dial/guards";
import { withLock } from "../../operations/dial/lock";
import { readRamp, removeRamp, setRamp, type RampRecord } from "../../operations/dial/ramp/record";
import type { ChangeRequest } from "../../operations/dial/request";
import { setDial } from "../../operations/dial/set";
import { shifted, type Weights } from "../../operations/dial/weights";
import { rampKey } from "../../operations/dial/keys";
import { absent } from "../../operations/consul/transaction";

/** Something that a person does at the dial, with good or bad words. */
export type PersonsCommand =
  | {
      readonly kind: "set";
      readonly weights: Weights;
      readonly generation: "seen" | "any" | "another";
      readonly override: boolean;
    }
  | { readonly kind: "back" }
  | { readonly kind: "drain"; readonly cluster: string; readonly to?: string }
  /** Steps of a ramp, of which the last ends it; or it is interrupted after so many. */
  | { readonly kind: "ramp"; readonly to: string; readonly steps: readonly number[]; readonly until: number };

/** What else happens. */
export type Event =
  | { readonly kind: "break"; readonly key: "dial" | "ramp" | "lock"; readonly text: string }
  | { readonly kind: "delete"; readonly key: "dial" | "ramp" | "lock" }
  /** Consul ends the session that holds the lock. */
  | { readonly kind: "lose the lock" }
  | { readonly kind: "workers"; readonly workers: Readonly<Record<string, number>> }
  | { readonly kind: "time"; readonly seconds: number };

const CLUSTERS = ["alpha", "bravo", "charlie", "delta"];
/** With a name that nobody knows, and one that breaks careless code. */
const anyCluster = fc.constantFrom(...CLUSTERS, ...CLUSTERS, ...CLUSTERS, "ghost", "constructor");

const anyWeights = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(anyCluster, anyCluster, fc.constantFrom(0, 1, 25, 50, 75, 99, 100))
      .map(([one, other, share]) => ({ [other]: 100 - share, [one]: one === other ? 100 : share })),
  },
  { weight: 1, arbitrary: fc.dictionary(anyCluster, fc.integer({ min: -1, max: 101 }), { maxKeys: 3 }) },
);

export const personsCommand: fc.Arbitrary<PersonsCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      weights: anyWeights,
      generation: fc.constantFrom("seen" as const, "any" as const, "any" as const, "another" as const),
      override: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "back" as const }) },
  {
    weight: 2,
    arbitrary: fc.record(
      { kind: fc.constant("drain" as const), cluster: anyCluster, to: anyCluster },
      { requiredKeys: ["kind", "cluster"] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("ramp" as const),
      to: anyCluster,
      steps: fc.uniqueArray(fc.constantFrom(1, 5, 25, 50, 75, 100), { minLength: 1, maxLength: 3 }),
      until: fc.integer({ min: 0, max: 4 }),
    }),
  },
);

const someWorkers = fc.constantFrom(0, 1, 2, 2, 2);
const key = fc.constantFrom("dial" as const, "ramp" as const, "lock" as const);
const handWritten = (weights: Weights, generation: number) =>
  JSON.stringify({ generation, weights, by: "eve", why: "by hand", at: "2026-01-01T00:00:00Z" });

export const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("time" as const), seconds: fc.nat(120) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("workers" as const),
      workers: fc.record({
        alpha: someWorkers,
        bravo: someWorkers,
        charlie: someWorkers,
        delta: someWorkers,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "lose the lock" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("break" as const),
      key,
      text: fc.constantFrom(
        ...["", "{", "null", handWritten({ alpha: 99 }, 3), handWritten({ alpha: 100 }, 0)],
        ...[handWritten({ alpha: 60, bravo: 40 }, 2), handWritten({ bravo: 100 }, 40)],
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
);

/** How a command ended: `changed`, `nothing`, or the kind of its failure. */
export type End = "changed" | "nothing" | FailureKind;

/** Does it, to its end. @throws Error for everything that is no end of a command */
export async function perform(
  command: PersonsCommand,
  consul: Consul,
  environment: Environment,
  by: string,
): Promise<End> {
  const request: ChangeRequest = { environment, consul, by, dryRun: false, waitMs: undefined };
  try {
    switch (command.kind) {
      case "set": {
        const { weights, override } = command;
        const why = "a test";
        const generation = await wanted(command.generation, consul, environment);
        const reason = override ? "it is a test" : undefined;
        return endOf(await setDial({ ...request, weights, why, generation, override: reason }));
      }
      case "back":
        return endOf(await goBack(request));
      case "drain":
        return endOf(await drainCluster({ ...request, cluster: command.cluster, to: command.to }));
      case "ramp":
        return await ramp(command, consul, environment, by);
    }
  } catch (error) {
    if (error instanceof OperationFailure) return error.kind;
    throw error;
  }
}

const endOf = ({ changed }: { readonly changed: boolean }): End => (changed ? "changed" : "nothing");

async function wanted(
  what: "seen" | "any" | "another",
  consul: Consul,
  environment: Environment,
): Promise<number | undefined> {
  if (what === "any") return undefined;
  const { current } = await readPosition(consul, environment);
  return (current?.generation ?? 0) + (what === "seen" ? 0 : 1);
}

/** A whole record of a ramp. */
export const rampRecord = (of: Partial<RampRecord>): RampRecord => ({
  ...{ run: "a-ramp", to: "bravo", steps: [1, 25, 50, 100], at: 0, phase: "holding", reason: null },
  ...{ followSeconds: 60, holdSeconds: 60, timeoutSeconds: 3600, reference: null },
  gate: { maxErrorIncrease: 1, maxP99Ratio: 1.5, minRequests: 200 },
  ...{ before: { generation: 1, weights: { alpha: 100 } }, generation: 2 },
  ...{ by: "bob@lab", why: "a ramp", override: null },
  ...{ startedAt: "2026-01-31T12:00:00Z", updatedAt: "2026-01-31T12:00:00Z" },
  ...of,
});

/** The writes of a ramp, without its waiting and measuring. */
async function ramp(
  { to, steps, until }: Extract<PersonsCommand, { kind: "ramp" }>,
  consul: Consul,
  environment: Environment,
  by: string,
): Promise<End> {
  const name = environment.environment;
  return withLock<End>({ consul, environment: name, by, what: `ramp to ${to}` }, async (lock) => {
    const { current } = await readPosition(consul, environment);
    if (current === null) throw new OperationFailure("refused", "nobody can tell what is in force");
    const { generation, weights } = current;
    for (const [at, step] of steps.entries()) {
      if (at === until) throw new OperationFailure("interrupted", "the ramp was interrupted");
      const position = await readPosition(consul, environment);
      const reading = await readRamp(consul, name);
      if ((reading.index === 0) !== (at === 0)) throw new OperationFailure("conflict", "another ramp");
      const after = shifted(weights, to, step);
      assertAllowed({
        action: "ramp",
        ...{ from: position.current?.weights ?? null, to: after },
        clusters: await clusterStates(environment, consul),
        ...{ changedAt: undefined, now: Date.now(), limits: environment.mesh.dial },
      });
      const record = rampRecord({
        ...{ run: lock.run, to, steps: [...steps], by, at },
        ...{ before: { generation, weights }, generation: position.next },
      });
      const isLast = at === steps.length - 1;
      const own = isLast ? removeRamp(name, reading.index) : setRamp(name, record, reading.index);
      await writeDial(consul, lock, position, {
        ...{ environment: name, action: "ramp", weights: after, by, why: "a test" },
        further: [isLast && at === 0 ? absent(rampKey(name)) : own],
      });
    }
    return "changed";
  });
}
