import { absent, type Operation } from "../consul/transaction";
import { OperationFailure } from "../failure";
import type { DialAction } from "./audit";
import { readPosition, writeDial, type Position } from "./change";
import { clusterStates, type ClusterState } from "./clusters";
import { difference, moves } from "./difference";
import { follow } from "./follow";
import { assertAllowed } from "./guards";
import { rampKey } from "./keys";
import { breakLock, lockHolder, withLock, type LockHolder } from "./lock";
import { readRamp, removeRamp, type RampReading } from "./ramp/record";
import type { ChangeRequest, ChangeResult } from "./request";
import { normal, sameWeights, showWeights, type Weights } from "./weights";

/** All that a command decides by, as it was read. */
export interface Situation {
  readonly position: Position;
  readonly clusters: readonly ClusterState[];
  readonly ramp: RampReading;
  readonly holder: LockHolder | null;
}

/** What a command has decided. */
export interface Plan {
  readonly action: DialAction;
  /** With the zeros that a person has written. */
  readonly weights: Weights;
  readonly why: string;
  readonly override?: string;
  /** Whose lock is taken away first. */
  readonly breaks?: LockHolder;
  /** Whether a ramp that is on, or interrupted, ends with it. Without that it must not be there. */
  readonly endsRamp: boolean;
}

/**
 * A change from the reading to its effect: the plan is made of what was read, judged, and written under the lock on the
 * condition that all of it is still so. That the gateways do not follow is in the result, and no error: it is written.
 *
 * @throws OperationFailure invalid, refused or conflict: nothing is written
 */
export async function applyChange(
  request: ChangeRequest,
  decide: (situation: Situation) => Plan | Promise<Plan>,
): Promise<ChangeResult> {
  const { environment, consul, dryRun, report = () => undefined, confirm } = request;
  const name = environment.environment;
  const situation = await readSituation(request);
  const { position, clusters, ramp } = situation;
  // Before all else: who has not seen what is there now, is not to be told that it is too early for a change of it.
  assertSeen(position, request.generation);
  const plan = await decide(situation);
  const before = position.current;
  const from = before?.weights ?? null;
  const after = normal(plan.weights);
  const ends = endsOf(plan, situation);
  const planned = { action: plan.action, before, after, ends };
  const result: ChangeResult = {
    ...planned,
    ...{ environment: name, changed: false, dryRun, generation: before?.generation ?? 0 },
    moves: moves(from, after, clusters),
    difference: difference(from, after, clusters),
    ...{ dial: null, effect: null },
  };
  const isSo = position.reading.dial !== undefined && from !== null && sameWeights(from, after);
  if (isSo && !(plan.endsRamp && ramp.index > 0)) {
    return result;
  }
  assertAllowed({
    ...{ action: plan.action, from, to: plan.weights, clusters, override: plan.override },
    ...{ changedAt: changedAt(position), now: Date.now(), limits: environment.mesh.dial },
  });
  if (dryRun) {
    return { ...result, changed: true, generation: position.next };
  }
  await confirm?.(planned);
  if (plan.breaks !== undefined) {
    report(`taking the lock of ${plan.breaks.by} (${plan.breaks.what})`);
    await breakLock(consul, plan.breaks);
  }
  const what = `${plan.action}: ${showWeights(after)}`;
  const { dial } = await withLock({ consul, environment: name, by: request.by, what }, (lock) =>
    writeDial(consul, lock, position, {
      ...{ environment: name, action: plan.action, weights: after, by: request.by, why: plan.why },
      override: plan.override,
      further: [rampOperation(name, ramp)],
    }),
  );
  report(`generation ${dial.generation} is written: ${showWeights(after)}`);
  const written = { ...result, changed: true, generation: dial.generation, dial };
  return request.waitMs === undefined ? written : { ...written, effect: await effectOf(request, written) };
}

async function readSituation({ environment, consul }: ChangeRequest): Promise<Situation> {
  const name = environment.environment;
  // First of all, as everything is written on the condition that it is as it was read here.
  const position = await readPosition(consul, environment);
  const [clusters, ramp, holder] = await Promise.all([
    clusterStates(environment, consul),
    readRamp(consul, name),
    lockHolder(consul, name),
  ]);
  return { position, clusters, ramp, holder };
}

function assertSeen({ current }: Position, wanted: number | undefined): void {
  const generation = current?.generation ?? 0;
  if (wanted !== undefined && wanted !== generation) {
    const by = current !== null && "by" in current ? ` (${String(current.by)})` : "";
    throw new OperationFailure(
      "conflict",
      `the dial has generation ${generation}${by}, and not ${wanted}: somebody has changed it meanwhile`,
      "nothing is written; look at it again before you go on",
    );
  }
}

const changedAt = ({ reading, last }: Position) => reading.dial?.at ?? last?.at;

/** A ramp that begins between reading and writing makes it a conflict, either way. */
const rampOperation = (environment: string, { index }: RampReading): Operation =>
  index === 0 ? absent(rampKey(environment)) : removeRamp(environment, index);

function endsOf({ breaks, endsRamp }: Plan, { ramp }: Situation): readonly string[] {
  const { record } = ramp;
  const rampEnds =
    record === undefined
      ? ["a ramp whose record cannot be read"]
      : [`the ramp to ${record.to} by ${record.by}, since ${record.startedAt}`];
  return [
    ...(endsRamp && ramp.index > 0 ? rampEnds : []),
    ...(breaks === undefined || breaks.run === record?.run ? [] : [`${breaks.what} by ${breaks.by}`]),
  ];
}

async function effectOf(
  { consul, waitMs, signal, report }: ChangeRequest,
  { generation }: ChangeResult,
): Promise<ChangeResult["effect"]> {
  report?.(`waiting until all gateways serve generation ${generation}`);
  return follow(consul, { generation, timeoutMs: waitMs, signal });
}
