import type { Environment } from "../../environment/schema";
import type { Consul } from "../consul/client";
import { set, transact, type Operation, type Written } from "../consul/transaction";
import { auditGenerations, recordsOf, renderRecord, type AuditRecord, type DialAction } from "./audit";
import { initialWeights } from "./clusters";
import { auditPrefix, dialKey } from "./keys";
import type { Lock } from "./lock";
import { readDial, renderDial, type Dial, type DialReading } from "./state";
import { normal, type Weights } from "./weights";

/** Where the dial stands: what a change starts from, and is written on the condition of. */
export interface Position {
  readonly reading: DialReading;
  /**
   * What gateways go by: the dial; or when its key is broken or gone, what was written last; or the file's active cluster
   * with generation 0 when nothing ever was. Null when nobody can tell.
   */
  readonly current: { readonly generation: number; readonly weights: Weights } | null;
  /** The last change; undefined when there is none, or its record cannot be read. */
  readonly last: AuditRecord | undefined;
  /** Generation of the next change: above that of the dial and of every record. */
  readonly next: number;
}

/** A change that was thought over: {@link writeDial} checks nothing but that the position still holds. */
export interface Change {
  readonly environment: string;
  readonly action: DialAction;
  readonly weights: Weights;
  readonly by: string;
  readonly why: string;
  /** @default null */
  readonly override?: string | null;
  /** More for the same transaction, such as a ramp's own record. */
  readonly further?: readonly Operation[];
}

/** What Consul has of a dial. */
export interface RecordedDial extends Pick<Position, "reading" | "last" | "next"> {
  /** Nobody has ever moved it. */
  readonly untouched: boolean;
}

/** The dial comes first: whoever writes after that makes the change a conflict. */
export async function readRecorded(consul: Consul, environment: string): Promise<RecordedDial> {
  const reading = await readDial(consul, environment);
  const [newest = 0] = await auditGenerations(consul, environment);
  const [last] = newest === 0 ? [] : await recordsOf(consul, environment, [newest]);
  return {
    reading,
    last,
    untouched: newest === 0 && reading.text === undefined,
    next: Math.max(reading.dial?.generation ?? 0, newest) + 1,
  };
}

/** What Consul has of a dial, and what that comes to by the environment's file. */
export async function readPosition(consul: Consul, environment: Environment): Promise<Position> {
  const { untouched, ...recorded } = await readRecorded(consul, environment.environment);
  const { reading, last } = recorded;
  return {
    ...recorded,
    current:
      reading.dial ?? last ?? (untouched ? { generation: 0, weights: initialWeights(environment) } : null),
  };
}

/**
 * One transaction: the lock is held, the dial is as it was read, and with it its audit record is written.
 *
 * @returns the dial, and each key of the transaction as it is now
 * @throws OperationFailure conflict, when the lock is lost or somebody has changed the dial: nothing is written
 */
export async function writeDial(
  consul: Consul,
  lock: Lock,
  position: Position,
  change: Change,
): Promise<{ readonly dial: Dial; readonly written: readonly Written[] }> {
  const { environment, action, weights, by, why, override = null, further = [] } = change;
  const { current, reading, next } = position;
  const at = new Date().toISOString();
  const dial: Dial = { generation: next, weights: normal(weights), by, why, at };
  const from = current === null ? null : { generation: current.generation, weights: current.weights };
  const record: AuditRecord = { ...dial, action, from, run: lock.run, override };
  const written = await transact(
    consul,
    [
      lock.held,
      set(dialKey(environment), renderDial(dial), reading.index),
      set(`${auditPrefix(environment)}${next}`, renderRecord(record), 0),
      ...further,
    ],
    `nothing is written; look at what has changed: skyline dial status --env ${environment}`,
  );
  return { dial, written };
}
