import { canStandIn, type Backend } from "../../../environment/stand-in";
import type { Consul } from "../../consul/client";
import { OperationFailure } from "../../failure";
import type { Kubectl } from "../../kubectl/kubectl";
import { followed } from "./endpoints";
import { mesosInstances, mesosLacks } from "./mesos";
import type { ServiceObject } from "./objects";
import { checkOwnPods, podsLack, podsOfBackend, portWarning } from "./pods";
import { flipPatch, standInOf, type Side, type StandIn } from "./stand-in";
import { waitUntilNothing, type Patience } from "./wait";

/** As whom the API server notes the two fields. */
const FIELD_MANAGER = "skyline-handover";
const POLL_MS = 500;
/** Endpoints follow within a second where nothing is wrong. */
const FOLLOW_MS = 30_000;

export interface HandoverRequest {
  readonly name: string;
  readonly to: Side;
  /** `mesh.service` of the environment. */
  readonly service: { readonly namespace: string; readonly port: number };
  readonly kubectl: Kubectl;
  /** Asked only for a handover to Mesos. */
  readonly consul: () => Consul;
  readonly dryRun: boolean;
  /** This many Ready pods are enough, though others are not Ready. @default all of them must be */
  readonly minReady?: number;
  /** How long Mesos must have been healthy, so that the gateways know it. */
  readonly settleMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface HandoverResult {
  readonly name: string;
  readonly namespace: string;
  readonly from: Side | "half";
  readonly to: Side;
  /** False when there was nothing to do, and in a dry run. */
  readonly changed: boolean;
  readonly dryRun: boolean;
  readonly before: Backend;
  readonly after: Backend;
  /** What the Service's EndpointSlices lead to; in a dry run as it is now. */
  readonly endpoints: readonly string[];
  readonly warnings: readonly string[];
  /** What a handover would wait for now. Only in a dry run. */
  readonly waitsFor: string | null;
}

/**
 * Flips a Service that stands for a Mesos service to the service's own pods, or back to the bridge, once the other side
 * can take its callers; then waits until its endpoints have followed.
 *
 * The flip is one update of one object on the condition that nobody else has changed it: whatever ends this, and
 * whenever, the Service leads to one side or to the other.
 */
export async function handOver(request: HandoverRequest): Promise<HandoverResult> {
  const { name, to } = request;
  if (!canStandIn(name)) {
    throw new OperationFailure("refused", `${JSON.stringify(name)} can stand for no Mesos service`);
  }
  const first = await read(request);
  if (first.side === to) {
    return finish(request, first, { changed: false, warnings: [] });
  }
  const { waitsFor, warnings } = await prepare(request, first);
  if (request.dryRun) {
    await flip(request, first);
    const { endpoints } = await followed(request.kubectl, name, first.namespace, first.current);
    return { ...outcome(request, first), changed: false, endpoints, warnings, waitsFor: waitsFor ?? null };
  }
  // Read anew: the wait may have been long, and only what has changed since now is a conflict.
  const standIn = await read(request);
  if (standIn.side === to) {
    return finish(request, standIn, { changed: false, warnings });
  }
  await flip(request, standIn);
  return finish(request, standIn, { changed: true, warnings });
}

async function read({ kubectl, name, service }: HandoverRequest): Promise<StandIn> {
  const found = await kubectl.get<ServiceObject>("service", name, service.namespace);
  if (found === undefined) {
    throw new OperationFailure(
      "refused",
      `there is no Service ${service.namespace}/${name} in this cluster`,
      "add it to mesh.mesosServices of the environment file and apply the platform stack",
    );
  }
  return standInOf(found, service.port);
}

interface Prepared {
  readonly warnings: readonly string[];
  /** Of a dry run, which waits for nothing. */
  readonly waitsFor?: string;
}

/** Waits until the other side can take the callers. */
async function prepare(request: HandoverRequest, standIn: StandIn): Promise<Prepared> {
  const { name, to, dryRun, report } = request;
  const target = standIn.backends[to];
  const warnings =
    standIn.side === "half"
      ? [
          `${name} had the selector of one side and the port of the other: somebody had changed one of the two`,
        ]
      : [];
  const consul = to === "mesos" ? request.consul() : undefined;
  let seen: readonly string[] = [];
  const pods = async () => {
    const found = await podsOfBackend(request.kubectl, standIn.namespace, target);
    if (consul !== undefined) {
      return bridgeLacks(found.ready.length, found.unready.length);
    }
    await checkOwnPods(request.kubectl, name, standIn.namespace, target, found);
    const warning = portWarning(found.ready, target.targetPort);
    seen = warning === undefined || found.ready.length === 0 ? [] : [warning];
    return podsLack(found, request.minReady);
  };
  const settled = consul === undefined ? undefined : settling(request, consul);
  const lacks = async () => (await pods()) ?? (await settled?.());

  if (dryRun) {
    const waitsFor = await lacks();
    return { warnings: [...warnings, ...seen], ...(waitsFor === undefined ? {} : { waitsFor }) };
  }
  await waitUntilNothing(name, lacks, patienceOf(request, request.timeoutMs), (reason) =>
    report(`waiting: ${reason}`),
  );
  return { warnings: [...warnings, ...seen] };
}

const bridgeLacks = (ready: number, unready: number) =>
  ready > 0 ? undefined : `none of the bridge's ${unready} pods is Ready`;

/**
 * What Mesos lacks, the time included in which gateways learn that it is there: until they do they send requests for the
 * name to Kubernetes, and the bridge, once it stands for Mesos, answers those with 503 instead of sending them round.
 */
function settling({ name, settleMs, dryRun }: HandoverRequest, consul: Consul) {
  let since: number | undefined;
  return async () => {
    const lack = mesosLacks(name, await mesosInstances(consul, name));
    if (lack !== undefined || dryRun) {
      since = undefined;
      return lack;
    }
    since ??= performance.now();
    return performance.now() - since >= settleMs
      ? undefined
      : `Mesos is to be healthy for ${settleMs / 1000} s, in which gateways learn of it`;
  };
}

async function flip({ kubectl, name, to, dryRun }: HandoverRequest, standIn: StandIn): Promise<void> {
  const patch = JSON.stringify(flipPatch(standIn, to));
  const flags = ["--type=json", `--field-manager=${FIELD_MANAGER}`, ...(dryRun ? ["--dry-run=server"] : [])];
  try {
    await kubectl.run([
      "patch",
      "service",
      name,
      "-n",
      standIn.namespace,
      ...flags,
      "-p",
      patch,
      "-o",
      "name",
    ]);
  } catch (error) {
    throw error instanceof OperationFailure ? flipFailure(error, name) : error;
  }
}

function flipFailure({ kind, message, hint }: OperationFailure, name: string): OperationFailure {
  if (kind === "conflict") {
    return new OperationFailure(
      kind,
      `${name} is not flipped, as somebody has changed the Service meanwhile: ${message}`,
      "look at what has changed, and run it again",
    );
  }
  return kind === "unreachable" || kind === "interrupted"
    ? new OperationFailure(kind, message, `${name} is flipped as a whole or not at all: run it again`)
    : new OperationFailure(kind, message, hint);
}

/** Waits until the endpoints lead where the Service now leads. */
async function finish(
  request: HandoverRequest,
  standIn: StandIn,
  { changed, warnings }: { readonly changed: boolean; readonly warnings: readonly string[] },
): Promise<HandoverResult> {
  const { name, to, kubectl, report } = request;
  const { namespace, backends } = standIn;
  let endpoints: readonly string[] = [];
  const lacks = async () => {
    const now = await followed(kubectl, name, namespace, backends[to]);
    ({ endpoints } = now);
    return now.differs;
  };
  const patience = patienceOf(request, Math.min(request.timeoutMs, FOLLOW_MS));
  try {
    await waitUntilNothing(`endpoints of ${name}`, lacks, patience, (reason) => report(`waiting: ${reason}`));
  } catch (error) {
    throw error instanceof OperationFailure ? notFollowed(error, request, changed) : error;
  }
  const lost = changed && to === "mesos" ? await lostMesos(request) : undefined;
  if (lost !== undefined) {
    throw lost;
  }
  return { ...outcome(request, standIn), changed, endpoints, warnings, waitsFor: null };
}

function notFollowed(error: OperationFailure, { name, to }: HandoverRequest, changed: boolean) {
  const state = `${name} ${changed ? "is flipped" : "leads"} to ${to}`;
  if (error.kind === "timeout") {
    const hint = `see kubectl get endpointslices -l kubernetes.io/service-name=${name}; the way back is --to ${other(to)}`;
    return new OperationFailure(
      "verification",
      `${state}, and its endpoints do not follow: ${error.message}`,
      hint,
    );
  }
  return new OperationFailure(
    error.kind,
    `${state}, and nobody has seen its endpoints follow: ${error.message}`,
    error.hint,
  );
}

/** Mesos, gone while it was handed over to: now each request that a gateway sends to Kubernetes is answered 503. */
async function lostMesos({ name, consul }: HandoverRequest): Promise<OperationFailure | undefined> {
  const { healthy } = await mesosInstances(consul(), name);
  return healthy.length > 0
    ? undefined
    : new OperationFailure(
        "verification",
        `${name} is flipped to mesos, and no instance there is healthy any more: its callers get 503`,
        "the way back is --to kubernetes",
      );
}

const other = (side: Side): Side => (side === "mesos" ? "kubernetes" : "mesos");

const patienceOf = ({ signal }: HandoverRequest, ms: number): Patience => ({
  signal,
  deadline: performance.now() + ms,
  pollMs: POLL_MS,
});

const outcome = ({ name, to, dryRun }: HandoverRequest, { namespace, side, current, backends }: StandIn) => ({
  name,
  namespace,
  from: side,
  to,
  dryRun,
  before: current,
  after: backends[to],
});
