import type { DialSnapshot } from "../status";
import type { ClusterTraffic } from "../traffic";
import { showWeights, weightOf, type Weights } from "../weights";

export type Level = "good" | "attention" | "wrong";

export interface Finding {
  readonly level: Exclude<Level, "good">;
  /** A sentence. */
  readonly text: string;
}

/** What somebody who has just been woken must know first. */
export interface Verdict {
  readonly level: Level;
  /** Where traffic goes, and whether all gateways follow. Has no figure that changes by itself: it is read aloud. */
  readonly headline: string;
  /** What is not as it should be, the worst first. */
  readonly findings: readonly Finding[];
}

/** Seconds that gateways may take to a change before they lag. */
const GRACE_SECONDS = 10;
/** Old connections go by the old dial for so long after a change (docs/mesh.md). */
const SETTLED_SECONDS = 30;
/** Below so many requests in the window an error rate says little. */
const ENOUGH_REQUESTS = 20;

/** Judges a snapshot. Pure: all times are compared with the snapshot's own. */
export function judge(snapshot: DialSnapshot): Verdict {
  const findings = [
    ...ofDial(snapshot),
    ...ofGateways(snapshot),
    ...ofRamp(snapshot),
    ...ofWorkers(snapshot),
    ...ofTraffic(snapshot),
  ].sort((one, other) => rank(one) - rank(other));
  return { level: findings[0]?.level ?? "good", headline: headline(snapshot), findings };
}

/** When nobody could look: what was true then may not be true now. */
export function blind(last: DialSnapshot | null, reason: string): Verdict {
  const text = `The dial cannot be read: ${reason}`;
  const headline =
    last === null
      ? "The dial cannot be read, and was not read before"
      : "The dial cannot be read. Gateways go on with the weights they have";
  return { level: "wrong", headline, findings: [{ level: "wrong", text }] };
}

/**
 * The weights that gateways are to serve: the dial's. Without a dial those that gateways have, which is the file's active
 * cluster in a new environment.
 */
export function wanted({ desired, gateways }: DialSnapshot): Weights | undefined {
  // A gateway without a dial and without initial weights says that it has none.
  const served = gateways.map(({ weights }) => weights ?? {});
  return desired?.weights ?? served.find((weights) => Object.keys(weights).length > 0);
}

const rank = ({ level }: Finding) => (level === "wrong" ? 0 : 1);
const wrong = (text: string): Finding => ({ level: "wrong", text });
const attention = (text: string): Finding => ({ level: "attention", text });

function headline(snapshot: DialSnapshot): string {
  const { gateways } = snapshot;
  const weights = wanted(snapshot);
  const where = weights === undefined ? "Nobody says where traffic goes" : told(weights);
  const following = gateways.filter(({ follows }) => follows).length;
  const all = gateways.length === 1 ? "The gateway follows" : `All ${gateways.length} gateways follow`;
  return gateways.length === 0
    ? `${where}. There is no gateway`
    : `${where}. ${following === gateways.length ? all : `${following} of ${gateways.length} gateways follow`}`;
}

function told(weights: Weights): string {
  const entries = Object.entries(weights).filter(([, weight]) => weight > 0);
  return entries.length === 1
    ? `All traffic goes to ${entries[0]?.[0]}`
    : entries.map(([name, weight]) => `${weight} % to ${name}`).join(", ");
}

function ofDial({ problem }: DialSnapshot): Finding[] {
  return problem === null ? [] : [wrong(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`)];
}

function ofGateways({ gateways, desired, at }: DialSnapshot): Finding[] {
  if (gateways.length === 0) {
    return [wrong("No gateway is registered in Consul: nobody follows the dial.")];
  }
  const fresh = desired !== null && ageSeconds(desired.at, at) < GRACE_SECONDS;
  return gateways.flatMap(({ name, follows, problem }) => {
    if (follows) return problem === null ? [] : [attention(`Gateway ${name} ${problem}.`)];
    const text = `Gateway ${name} does not follow: ${problem ?? "it does not say why"}.`;
    return [fresh ? attention(text) : wrong(text)];
  });
}

function ofRamp({ ramp, lock }: DialSnapshot): Finding[] {
  if (ramp === null) return [];
  const name = `The ramp to ${ramp.to}`;
  const reason = ramp.reason === null ? "" : `: ${ramp.reason}`;
  if (ramp.phase === "returning") return [wrong(`${name} puts the weights back${reason}.`)];
  if (lock === null) {
    return [attention(`${name} has lost its operator. Go on with it, or put the weights back.`)];
  }
  return ramp.phase === "paused" ? [attention(`${name} is held${reason}.`)] : [];
}

function ofWorkers(snapshot: DialSnapshot): Finding[] {
  const weights = wanted(snapshot) ?? {};
  return Object.entries(weights).flatMap(([name, weight]) => {
    if (weight === 0) return [];
    const cluster = snapshot.clusters.find((one) => one.name === name);
    if (cluster === undefined) {
      return [wrong(`${name} has a weight of ${weight}, and the environment file does not know it.`)];
    }
    return cluster.workers === 0 ? [wrong(`${name} has a weight of ${weight}, and no healthy worker.`)] : [];
  });
}

function ofTraffic(snapshot: DialSnapshot): Finding[] {
  const { live, desired, at } = snapshot;
  if (live === null) return [];
  const settled = desired !== null && ageSeconds(desired.at, at) > SETTLED_SECONDS + live.seconds;
  const all = Object.values(live.clusters).reduce((sum, { requests }) => sum + requests, 0);
  const unread = live.unread.map((gateway) =>
    attention(`The traffic of a gateway is not counted here: ${gateway}.`),
  );
  const found = Object.entries(live.clusters).flatMap(([name, traffic]) => [
    ...ofErrors(name, traffic),
    ...(settled ? ofShare(name, traffic, all, desired.weights) : []),
  ]);
  return [...unread, ...found];
}

function ofErrors(name: string, { requests, errorRate }: ClusterTraffic): Finding[] {
  if (errorRate === null || requests < ENOUGH_REQUESTS || errorRate < 0.01) return [];
  // Not the rate itself: it changes each second, and this is read aloud.
  return errorRate >= 0.05
    ? [wrong(`${name} answers more than 5 % of requests with errors.`)]
    : [attention(`${name} answers more than 1 % of requests with errors.`)];
}

/** The choice is by hash, so the share of few requests strays: by four standard deviations one of 16,000 readings. */
function ofShare(name: string, { share }: ClusterTraffic, requests: number, weights: Weights): Finding[] {
  if (share === null || requests < ENOUGH_REQUESTS) return [];
  const weight = weightOf(weights, name) / 100;
  const tolerance = 0.03 + 4 * Math.sqrt((weight * (1 - weight)) / requests);
  return Math.abs(share - weight) <= tolerance
    ? []
    : [attention(`${name} gets another share than its weight. The dial says ${showWeights(weights)}.`)];
}

const ageSeconds = (at: string, now: string) => (Date.parse(now) - Date.parse(at)) / 1000;
