import { setTimeout as sleep } from "node:timers/promises";
import { indexOf, transact, type Written } from "../../consul/transaction";
import type { Consul } from "../../consul/client";
import { OperationFailure } from "../../failure";
import type { DialAction } from "../audit";
import { readPosition, writeDial } from "../change";
import { rampKey } from "../keys";
import { lockHolder, showHolder, type Lock } from "../lock";
import type { Weights } from "../weights";
import { readRamp, removeRamp, setRamp, type RampRecord } from "./record";
import type { RampContext } from "./request";

/** A change of the dial by a ramp. */
export interface RampChange {
  readonly action: DialAction & ("ramp" | "return");
  readonly weights: Weights;
  readonly why: string;
}

/** For so long Consul may be without a leader before a write is given up. */
const PATIENCE_MS = 30_000;
const AGAIN_MS = 500;

/**
 * The record of a ramp that this process runs. It alone writes it, but for `dial hold` and its end, which write the phase:
 * so each write is on the condition of what was read, and is thought over anew when somebody was first. Nothing is written
 * without the lock.
 */
export class Journal {
  private readonly consul: Consul;

  constructor(
    private readonly context: RampContext,
    private readonly lock: Lock,
    private current: RampRecord,
    /** The record's in Consul. */
    private index: number,
  ) {
    // An interrupt ends the ramp between two writes and not in the middle of one, whose outcome nobody would know.
    this.consul = context.consul.uninterrupted();
  }

  /** Aborted when the lock is lost. */
  get lost(): AbortSignal {
    return this.lock.lost;
  }

  get record(): RampRecord {
    return this.current;
  }

  /** Reads what somebody may have written. @throws OperationFailure conflict, when the ramp is not this one's any more */
  async refresh(): Promise<RampRecord> {
    this.checkLock();
    const { record, index } = await readRamp(this.consul, this.environment);
    if (record?.run !== this.lock.run) throw await this.lostFailure();
    this.current = record;
    this.index = index;
    return record;
  }

  /** Writes the record alone. @param change is given the record as it is, and asked again when somebody was first */
  async save(change: (record: RampRecord) => Partial<RampRecord>): Promise<void> {
    await this.insist(async () => {
      const next = stamped({ ...this.current, ...change(this.current) });
      const operations = [this.lock.held, setRamp(this.environment, next, this.index)];
      this.adopt(next, await transact(this.consul, operations, ""));
      return true;
    });
  }

  /**
   * Writes the dial and the record in one transaction.
   * @returns false when a step was not taken, because the ramp is held meanwhile
   * @throws OperationFailure conflict, when the lock is lost or somebody has changed the dial
   */
  async change({ action, weights, why }: RampChange, next: Partial<RampRecord>): Promise<boolean> {
    let tried: number | undefined;
    return this.insist(async () => {
      await this.refresh();
      // The answer to the try before was lost, and the write was not.
      if (this.current.generation === tried) return true;
      if (action === "ramp" && this.current.phase === "paused") return false;
      const position = await readPosition(this.consul, this.context.environment);
      if (position.current?.generation !== this.current.generation) throw changedFailure(this.environment);
      const record = stamped({ ...this.current, ...next, generation: position.next });
      tried = record.generation;
      const { written } = await writeDial(this.consul, this.lock, position, {
        ...{ environment: this.environment, action, weights, why, by: this.context.by },
        override: this.current.override,
        further: [setRamp(this.environment, record, this.index)],
      });
      this.adopt(record, written);
      return true;
    });
  }

  /** Removes the record: the ramp has ended. */
  async end(): Promise<void> {
    await this.insist(async () => {
      const { record, index } = await readRamp(this.consul, this.environment);
      // Gone by a try whose answer was lost.
      if (record?.run !== this.lock.run) return;
      await transact(this.consul, [this.lock.held, removeRamp(this.environment, index)], "");
    });
  }

  /** @throws OperationFailure conflict, when the dial is not what the record goes with */
  async checkDial(): Promise<void> {
    const { current } = await readPosition(this.consul, this.context.environment);
    if (current?.generation !== this.current.generation) throw changedFailure(this.environment);
  }

  /** @throws OperationFailure conflict, when somebody has broken the lock, or it ran out */
  checkLock(): void {
    if (this.lock.lost.aborted) throw lostFailure(this.environment, "its session has ended");
  }

  /**
   * Does work that Consul takes part in: again while it cannot be reached, for 30 s, and when somebody else has written the
   * record meanwhile.
   */
  async insist<T>(work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.checkLock();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof OperationFailure)) throw error;
        if (error.kind === "conflict" && !(await this.isOvertaken())) throw error;
        if (!["conflict", "unreachable"].includes(error.kind) || Date.now() > deadline) throw error;
        if (error.kind === "unreachable") await sleep(AGAIN_MS);
      }
    }
  }

  /** Whether the record is another than what was read, and the ramp still this one's. */
  private async isOvertaken(): Promise<boolean> {
    const before = this.index;
    const holder = await lockHolder(this.consul, this.environment);
    if (holder?.session !== this.lock.session) throw await this.lostFailure();
    await this.refresh();
    return this.index !== before;
  }

  private async lostFailure(): Promise<OperationFailure> {
    const holder = await lockHolder(this.consul, this.environment).catch(() => null);
    if (holder?.session === this.lock.session) {
      return lostFailure(this.environment, "its record is gone");
    }
    return lostFailure(
      this.environment,
      holder === null ? "nobody holds it now" : `now ${showHolder(holder)}`,
    );
  }

  private adopt(record: RampRecord, written: readonly Written[]): void {
    this.current = record;
    this.index = indexOf(rampKey(this.environment), written) ?? this.index;
  }

  private get environment(): string {
    return this.context.environment.environment;
  }
}

const stamped = (record: RampRecord): RampRecord => ({ ...record, updatedAt: new Date().toISOString() });

const lostFailure = (environment: string, why: string) =>
  new OperationFailure(
    "conflict",
    `this run does not hold the lock of ${environment} any more (${why}), and writes nothing more`,
    `see what is in force, and who has changed it: skyline dial status --env ${environment}`,
  );

export const changedFailure = (environment: string) =>
  new OperationFailure(
    "conflict",
    `somebody has changed the dial of ${environment} since the ramp's last step`,
    `see who: skyline dial log --env ${environment}; forget the ramp, and leave the dial as it is: skyline dial abort --env ${environment}`,
  );
