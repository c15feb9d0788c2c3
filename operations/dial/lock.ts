import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Consul } from "../consul/client";
import { readKey } from "../consul/key";
import { acquire, heldBy, removeAny, transact, type Operation } from "../consul/transaction";
import { OperationFailure } from "../failure";
import { lockKey } from "./keys";
import { parseAs } from "./state";

/** Who changes the dial now: what the key of the lock says while a session holds it. */
export interface LockHolder {
  readonly run: string;
  readonly by: string;
  /** `ramp to bravo` */
  readonly what: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Consul's session that holds it. */
  readonly session: string;
}

/** A lock that is held, or was until it got lost. */
export interface Lock extends LockHolder {
  /** First of each transaction: without the lock nothing is written. */
  readonly held: Operation;
  /** Aborted when Consul has ended the session: somebody broke the lock, or this process stood still for too long. */
  readonly lost: AbortSignal;
}

export interface LockRequest {
  readonly consul: Consul;
  readonly environment: string;
  readonly by: string;
  readonly what: string;
  /** Of what goes on, such as a ramp that is resumed. @default a new one */
  readonly run?: string;
}

/** Consul's least. A session ends between one and two of them after its last renewal. */
const TTL_SECONDS = 10;
const RENEW_MS = 3000;

/**
 * Does work under the lock of the environment, which it frees however the work ends, an interrupt included. A process
 * that is killed keeps it for at most 20 s.
 *
 * @throws OperationFailure conflict, when somebody holds it
 */
export async function withLock<T>(request: LockRequest, work: (lock: Lock) => Promise<T>): Promise<T> {
  const { consul, environment, by, what, run = randomUUID() } = request;
  const session = await createSession(consul, what);
  // The interrupt is to end the work, not the end of the work.
  const patient = consul.uninterrupted();
  const lost = new AbortController();
  const renewal = setInterval(() => void renew(patient, session, lost), RENEW_MS);
  try {
    const holder: LockHolder = { run, by, what, at: new Date().toISOString(), session };
    await take(consul, environment, holder);
    const held = heldBy(lockKey(environment), session);
    return await work({ ...holder, held, lost: lost.signal });
  } finally {
    clearInterval(renewal);
    await free(patient, environment, session);
  }
}

/** Who holds the lock now. */
export async function lockHolder(consul: Consul, environment: string): Promise<LockHolder | null> {
  const { text = "", session } = await readKey(consul, lockKey(environment));
  return session === undefined ? null : { ...claim(text), session };
}

/** Takes the lock from whom it was seen with: what that run wants to write next, is not written. */
export async function breakLock(consul: Consul, { session }: LockHolder): Promise<void> {
  await consul.put(`/v1/session/destroy/${session}`, undefined);
}

/** `ann@desk, for a ramp to bravo, since 2026-01-31T12:00:00Z` */
export const showHolder = ({ by, what, at }: LockHolder): string => `${by}, for ${what}, since ${at}`;

async function createSession(consul: Consul, what: string): Promise<string> {
  const { body } = await consul.put("/v1/session/create", {
    Name: `skyline: ${what}`,
    TTL: `${TTL_SECONDS}s`,
    // Whoever comes after a lost holder need not wait: each write is on the condition that the lock is held.
    LockDelay: "0s",
    Behavior: "release",
    // The agent that is asked may be anybody's, and its health says nothing of this process.
    NodeChecks: [],
  });
  return (JSON.parse(body) as { ID: string }).ID;
}

async function take(consul: Consul, environment: string, holder: LockHolder): Promise<void> {
  const { session, ...claimed } = holder;
  const key = lockKey(environment);
  const value = Buffer.from(`${JSON.stringify(claimed)}\n`);
  try {
    await transact(consul, [acquire(key, value, session)], "");
  } catch (error) {
    if (!(error instanceof OperationFailure) || error.kind !== "conflict") {
      throw error;
    }
    const other = await lockHolder(consul, environment);
    const who = other === null ? "somebody, who has freed it meanwhile" : showHolder(other);
    throw new OperationFailure(
      "conflict",
      `the lock of ${environment} is held by ${who}`,
      `nothing is written; look at it: skyline dial status --env ${environment}`,
    );
  }
}

/** Consul that cannot be reached is asked again: whether the lock is still held, each transaction says. */
async function renew(consul: Consul, session: string, lost: AbortController): Promise<void> {
  const answer = await consul.put(`/v1/session/renew/${session}`, undefined, [404]).catch(() => undefined);
  if (answer?.status === 404) {
    lost.abort();
  }
}

/** What is not freed here, because Consul does not answer or somebody else has it by now, needs nothing more. */
async function free(consul: Consul, environment: string, session: string): Promise<void> {
  const key = lockKey(environment);
  await transact(consul, [heldBy(key, session), removeAny(key)], "").catch(() => undefined);
  await consul.put(`/v1/session/destroy/${session}`, undefined).catch(() => undefined);
}

const schema = z.object({ run: z.string(), by: z.string(), what: z.string(), at: z.string() });

/** A text that no run of ours has written still has a session that holds it. */
function claim(text: string): Omit<LockHolder, "session"> {
  const claimed = parseAs(schema, text);
  return typeof claimed === "string"
    ? { run: "", by: "somebody", what: "something that is no run of skyline", at: "an unknown time" }
    : claimed;
}
