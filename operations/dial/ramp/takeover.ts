import { setTimeout as sleep } from "node:timers/promises";
import { lockHolder, showHolder, withLock } from "../lock";
import { OperationFailure } from "../../failure";
import { changedFailure, Journal } from "./journal";
import { readRamp } from "./record";
import type { RampContext } from "./request";

/** For so long a lock may be that of a process which is gone; Consul frees it after 20 s at most. */
const WAIT_MS = 25_000;
const LOOK_MS = 500;

/** @throws OperationFailure refused, when no ramp is on, or its record cannot be read */
export async function readWholeRamp({ environment, consul }: Pick<RampContext, "environment" | "consul">) {
  const name = environment.environment;
  const { record, index, broken } = await readRamp(consul, name);
  if (record !== undefined) return { record, index };
  throw broken === undefined
    ? new OperationFailure("refused", `no ramp is on in ${name}`, `skyline dial status --env ${name}`)
    : new OperationFailure(
        "refused",
        `the record of the ramp in ${name} cannot be read: ${broken}`,
        `forget it, and leave the dial as it is: skyline dial abort --env ${name}`,
      );
}

/**
 * Takes a ramp over whose process is gone: waits until its lock is free.
 *
 * @throws OperationFailure conflict, when the lock stays held, for its holder lives; or the dial is not as the ramp left it
 */
export async function takeOver<T>(
  context: RampContext,
  run: string,
  what: string,
  work: (journal: Journal) => Promise<T>,
): Promise<T> {
  const { environment, consul, by } = context;
  const name = environment.environment;
  await untilFree(context);
  return withLock({ consul, environment: name, by, what, run }, async (lock) => {
    const { record, index } = await readWholeRamp(context);
    if (record.run !== run) throw changedFailure(name);
    const journal = new Journal(context, lock, record, index);
    await journal.checkDial();
    return work(journal);
  });
}

async function untilFree({ environment, consul, signal, report }: RampContext): Promise<void> {
  const name = environment.environment;
  let told = false;
  for (const deadline = Date.now() + WAIT_MS; ;) {
    const holder = await lockHolder(consul, name);
    if (holder === null) return;
    if (Date.now() > deadline) {
      throw new OperationFailure(
        "conflict",
        `the lock of ${name} is held by ${showHolder(holder)}, who lives`,
        `end it there with Ctrl-C, or hold it: skyline dial hold --env ${name}; or take the dial from it: skyline dial back --env ${name}`,
      );
    }
    if (!told)
      report(`the lock is held by ${showHolder(holder)}: waiting whether that is gone, for 25 s at most`);
    told = true;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
