import { DENIED_SERVICE_NAMES, SERVICE_NAME } from "../../../environment/naming";
import { OperationFailure } from "../../failure";
import { scaleDown, type Instance } from "../instance";
import type { MeshWorld, ServiceOptions } from "../world";
import { standing } from "./folder";
import { alone } from "./lock";
import { Probe, type Way, type WayResult } from "./probe";

export interface ScaleOptions {
  readonly service: string;
  readonly count: number;
  /** `mesos`, or a cluster. */
  readonly place: string;
  /** For how long requests under way may take to end when an instance is stopped. */
  readonly drainMs: number;
  /** Stop the last instance even when nobody would answer then. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly report: (text: string) => void;
}

export interface ScaleResult {
  readonly service: string;
  readonly place: string;
  readonly from: number;
  readonly to: number;
  readonly dryRun: boolean;
  /** What was done, or would be. */
  readonly steps: readonly string[];
  /** What callers saw meanwhile. */
  readonly ways: readonly WayResult[];
}

/** Instances of one service in one place at most. */
export const MOST_INSTANCES = 10;

/** For how long callers go on after the last step: long enough for what is late to show. */
const AFTERMATH_MS = 1500;

/**
 * Starts or stops instances, while requests go through every kind of way, and tells who answers them.
 * In a cluster whose own version of the service runs, its Service follows the scale in Mesos, as a person would hand it over.
 */
export async function meshScale(directory: string, options: ScaleOptions): Promise<ScaleResult> {
  const { service, place, count, dryRun } = options;
  checkWords(options);
  return alone(directory, "skyline mesh scale", async () => {
    const mesh = standing(directory);
    checkPlace(mesh, options);
    const instances = mesh.instances(service).filter(({ record }) => placeOf(record) === place);
    const plan = planOf(mesh, options, instances);
    const result = (ways: readonly WayResult[] = []): ScaleResult => ({
      service,
      place,
      from: instances.length,
      to: count,
      dryRun,
      steps: plan.map(({ text }) => text),
      ways,
    });
    if (dryRun || plan.length === 0) {
      return result();
    }
    const started = Date.now();
    const say = (text: string) =>
      options.report(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
    const probes = waysOf(mesh, service).map(
      (way) => new Probe(way, (name, answeredBy) => say(`  ${name}: ${answeredBy}`)),
    );
    let ways: readonly WayResult[] = [];
    try {
      await mesh.until(5000, async () =>
        probes.every(({ last }) => last !== undefined) ? undefined : "no answer yet",
      );
      for (const { text, work } of plan) {
        if (options.signal.aborted) throw new OperationFailure("interrupted", `interrupted before: ${text}`);
        say(text);
        await work(say);
      }
      await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    } finally {
      ways = await Promise.all(probes.map((probe) => probe.stop()));
    }
    return result(ways);
  });
}

interface Step {
  readonly text: string;
  readonly work: (say: (text: string) => void) => Promise<unknown>;
}

const placeOf = ({ kind, where }: Instance["record"]) => (kind === "mesos" ? "mesos" : where);

function checkWords({ service, count }: ScaleOptions): void {
  if (!SERVICE_NAME.test(service) || DENIED_SERVICE_NAMES.includes(service)) {
    throw new OperationFailure(
      "invalid",
      `${JSON.stringify(service)} is no service name`,
      `small letters, digits and hyphens, at most 63, and not ${DENIED_SERVICE_NAMES.join(" or ")}`,
    );
  }
  if (!Number.isInteger(count) || count < 0 || count > MOST_INSTANCES) {
    throw new OperationFailure("invalid", `${count} is no number of instances from 0 to ${MOST_INSTANCES}`);
  }
}

function checkPlace(mesh: MeshWorld, { place, service, count, force }: ScaleOptions): void {
  const places = ["mesos", ...mesh.clusters.keys()];
  if (!places.includes(place)) {
    throw new OperationFailure("invalid", `there is no ${JSON.stringify(place)}, only ${places.join(", ")}`);
  }
  const elsewhere = mesh.instances(service).filter(({ record }) => placeOf(record) !== place);
  if (count === 0 && !force && elsewhere.length === 0 && mesh.instances(service).length > 0) {
    const other = place === "mesos" ? [...mesh.clusters.keys()][0] : "mesos";
    throw new OperationFailure(
      "refused",
      `${service} runs in ${place} alone: without it nobody would answer`,
      `skyline mesh scale ${service} 1 --in ${other}, or --force`,
    );
  }
}

function planOf(
  mesh: MeshWorld,
  { service, count, place, drainMs }: ScaleOptions,
  instances: readonly Instance[],
): Step[] {
  const more = Array.from({ length: Math.max(0, count - instances.length) }, (_, at) => at);
  const fewer = instances.slice(count).reverse();
  const version = instances[0]?.record.version ?? (place === "mesos" ? "v1" : "v2");
  const starts = more.map((at): ServiceOptions["on"] => {
    const next = instances.length + at;
    return place === "mesos"
      ? { mesos: next % mesh.mesosNodes.length }
      : { cluster: place, worker: next % mesh.workersOf(place).length };
  });
  const names = starts.map((on) => ("mesos" in on ? mesh.mesosNode(on.mesos).name : place));
  // All at once: one change to the routes, and not one for each.
  const start: Step[] =
    starts.length === 0
      ? []
      : [
          {
            text: `start instances on ${names.join(", ")}`,
            work: () => Promise.all(starts.map((on) => mesh.startService({ name: service, on, version }))),
          },
        ];
  const stop: Step[] =
    fewer.length === 0
      ? []
      : [
          {
            text: `stop ${fewer.map(({ record: { id, where } }) => `${id} on ${where}`).join(", ")}`,
            work: (say) =>
              scaleDown(fewer, { drainMs, onStep: (step, { id }) => say(`${id} is ${STEPS[step]}`) }),
          },
        ];
  const wait = { text: "wait until every node routes it", work: () => mesh.settled() };
  if (start.length === 0 && stop.length === 0) return [];
  const others = place === "mesos" ? clustersWith(mesh, service) : [];
  const flip = (to: "kubernetes" | "mesos"): Step[] =>
    others
      .filter((cluster) => cluster.service(service)?.owner !== to)
      .map((cluster) => ({
        text: `hand ${service} in ${cluster.name} over to ${to === "mesos" ? "Mesos" : "its own pods"}`,
        work: () => cluster.handover(service, to),
      }));
  if (place !== "mesos") return [...start, ...stop];
  return count === 0
    ? [...flip("kubernetes"), ...stop]
    : [...start, ...(start.length > 0 ? [wait] : []), ...flip("mesos"), ...stop];
}

const STEPS = {
  deregistered: "deregistered from Consul",
  unrouted: "in no node's routes any more",
  drained: "drained: no request is under way",
  stopped: "stopped",
} as const;

/** Clusters in which a version of the service runs that may take over. */
const clustersWith = (mesh: MeshWorld, service: string) =>
  [...mesh.clusters.values()].filter((cluster) => (cluster.service(service)?.pods.length ?? 0) > 0);

/** From a Mesos node, from outside, and from each cluster that has the Service. */
function waysOf(mesh: MeshWorld, service: string): Way[] {
  const [node] = mesh.mesosNodes.slice(-1);
  return [
    ...(node === undefined ? [] : [{ name: `from ${node.name}`, url: node.localUrl(`${service}/scale`) }]),
    { name: "from outside", url: mesh.gateway(0).url(`${service}/scale`) },
    ...[...mesh.clusters.values()].flatMap((cluster) => {
      const found = cluster.service(service);
      return found === undefined
        ? []
        : [
            {
              name: `from ${cluster.name}`,
              url: `http://${found.address}:${found.port}/scale`,
              host: service,
            },
          ];
    }),
  ];
}
