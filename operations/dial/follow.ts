import type { Consul } from "../consul/client";
import { OperationFailure } from "../failure";
import { pause } from "../processes";
import { findOrKeep, servedDial, type Gateway } from "./gateways";
import type { Weights } from "./weights";

/** A gateway beside the dial that it should serve. */
export interface GatewayView {
  readonly name: string;
  readonly address: string;
  /** Of the dial that its NGINX serves; null when it does not say. */
  readonly generation: number | null;
  readonly weights: Weights | null;
  /** Whether it serves the wanted generation, or is gone and serves nobody. */
  readonly follows: boolean;
  /** Why it does not follow, or that it is gone. */
  readonly problem: string | null;
}

export interface FollowOptions {
  /** That is to be served. */
  readonly generation: number;
  /** @default 60000 */
  readonly timeoutMs?: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
}

export interface Followed {
  /** Whether every gateway serves the generation. */
  readonly followed: boolean;
  readonly gateways: readonly GatewayView[];
  /** From the call to the end. */
  readonly seconds: number;
}

/**
 * Waits until every gateway in Consul serves a generation of the dial; a gateway that comes meanwhile is waited for as
 * well. With no gateway in Consul nothing is followed: there is nobody to ask.
 *
 * After a reload a connection that a client has kept may carry one more request under the dial before, for 10 s at
 * most: NGINX' old workers answer it and close. New connections have the new dial at once.
 *
 * @throws OperationFailure interrupted, by the signal
 */
export async function follow(consul: Consul, options: FollowOptions): Promise<Followed> {
  const { generation, timeoutMs = 60_000, signal } = options;
  const started = performance.now();
  let known: readonly Gateway[] = [];
  for (let agreed = 0; ;) {
    known = await findOrKeep(consul, known);
    const gateways = await viewGateways(known, generation);
    agreed = allFollow(gateways) ? agreed + 1 : 0;
    const passed = performance.now() - started;
    if (agreed === AGREEMENTS || passed > timeoutMs) {
      return { followed: agreed === AGREEMENTS, gateways, seconds: passed / 1000 };
    }
    if (signal?.aborted === true) {
      throw new OperationFailure("interrupted", `interrupted while gateways take generation ${generation}`);
    }
    await pause(POLL_MS);
  }
}

/** What each gateway serves now, asked at once. @param generation that it should serve; undefined for none known */
export const viewGateways = (
  gateways: readonly Gateway[],
  generation: number | undefined,
): Promise<readonly GatewayView[]> => Promise.all(gateways.map((gateway) => view(gateway, generation)));

/** Whether all that serve do, and one at least does. */
export const allFollow = (gateways: readonly GatewayView[]): boolean =>
  gateways.every(({ follows }) => follows) && gateways.some(({ generation }) => generation !== null);

/** Names the gateways that do not follow, each with why, or says that there is none. */
export function laggards(gateways: readonly GatewayView[]): string {
  if (gateways.length === 0) return "no gateway is registered in Consul";
  if (gateways.every(({ generation, follows }) => follows && generation === null)) {
    return `no gateway serves: ${gateways.map(({ name, problem }) => `${name} ${problem ?? ""}`).join("; ")}`;
  }
  return gateways
    .filter(({ follows }) => !follows)
    .map(({ name, problem }) => `${name} ${problem ?? ""}`.trim())
    .join("; ");
}

/**
 * So many times in a row all gateways must say it: for a moment after a reload, workers of the old and of the new
 * configuration take connections.
 */
const AGREEMENTS = 2;
const POLL_MS = 200;

async function view(gateway: Gateway, wanted: number | undefined): Promise<GatewayView> {
  const { name, address, healthy } = gateway;
  try {
    const { generation, weights } = await servedDial(gateway);
    const follows = wanted === undefined || generation === wanted;
    const problem = follows ? null : `serves generation ${generation}, not ${wanted}`;
    return { name, address, generation, weights, follows, problem };
  } catch (error) {
    const reason = (error as Error).message;
    // Two have looked and found nobody: Consul's check of it, and we. A dead gateway must not hold the dial for the
    // hours that Consul keeps its entry; one that Consul's check still reaches serves, whatever it serves.
    const problem = healthy
      ? `does not say what it serves: ${reason}`
      : "is gone: critical in Consul, and does not answer";
    return { name, address, generation: null, weights: null, follows: !healthy, problem };
  }
}
