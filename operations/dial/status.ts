import type { Environment } from "../../environment/schema";
import type { Consul } from "../consul/client";
import { pause } from "../processes";
import { readAudit, type AuditRecord } from "./audit";
import { clusterStates, type ClusterState } from "./clusters";
import { viewGateways, type GatewayView } from "./follow";
import { lockHolder, type LockHolder } from "./lock";
import { Meter, type Measured } from "./meter";
import { readRamp, type RampReading, type RampRecord } from "./ramp/record";
import { readDial, type Dial, type DialReading } from "./state";
import { figures, sumByCluster, type ClusterTraffic } from "./traffic";

export type { ClusterTraffic } from "./traffic";
export type { GatewayView } from "./follow";

/** The dial of an environment at one moment: what is wanted, what gateways serve, and what traffic there is. */
export interface DialSnapshot {
  readonly environment: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Null before the first change, and when its key cannot be read, which `problem` then says. */
  readonly desired: Dial | null;
  readonly problem: string | null;
  readonly gateways: readonly GatewayView[];
  /** What gateways counted over so many seconds, by cluster; null before there are two readings. */
  readonly live: LiveTraffic | null;
  readonly lock: LockHolder | null;
  readonly ramp: RampRecord | null;
  readonly clusters: readonly ClusterState[];
  /** Newest first, at most 20. */
  readonly log: readonly AuditRecord[];
}

export interface LiveTraffic {
  readonly seconds: number;
  readonly clusters: Readonly<Record<string, ClusterTraffic>>;
  /** Gateways whose counts are not among them, each with why. */
  readonly unread: readonly string[];
}

export interface StatusRequest {
  readonly environment: Environment;
  readonly consul: Consul;
}

const LOG_LENGTH = 20;

/**
 * Looks at a dial again and again. The traffic of a snapshot is what gateways counted in the seconds before it, as far back
 * as this object has looked and `windowSeconds` at most; the first snapshot has none.
 */
export class DialObserver {
  private readonly meter: Meter;
  private readonly pieces: Measured[] = [];

  constructor(
    private readonly request: StatusRequest,
    private readonly windowSeconds = 10,
  ) {
    this.meter = new Meter(request.consul);
  }

  /** @throws OperationFailure unreachable, when Consul does not answer: it alone knows the gateways */
  async snapshot(): Promise<DialSnapshot> {
    const { environment, consul } = this.request;
    const name = environment.environment;
    const [dial, ramp, lock, log, clusters, live] = await Promise.all([
      readDial(consul, name),
      readRamp(consul, name),
      lockHolder(consul, name),
      readAudit(consul, name, LOG_LENGTH),
      clusterStates(environment, consul),
      this.measure(),
    ]);
    return {
      environment: name,
      at: new Date().toISOString(),
      desired: dial.dial ?? null,
      problem: problemOf(dial, ramp, log),
      gateways: await viewGateways(this.meter.gateways, wantedGeneration(dial, log)),
      live,
      lock,
      ramp: ramp.record ?? null,
      clusters,
      log,
    };
  }

  private async measure(): Promise<LiveTraffic | null> {
    const measured = await this.meter.read();
    if (measured.seconds > 0) this.pieces.push(measured);
    const length = () => this.pieces.reduce((sum, { seconds }) => sum + seconds, 0);
    while (this.pieces.length > 1 && length() > this.windowSeconds) this.pieces.shift();
    if (this.pieces.length === 0) return null;
    const clusters = figures(sumByCluster(this.pieces.map((piece) => piece.clusters)));
    return { seconds: length(), clusters, unread: measured.unread };
  }
}

/** One snapshot. @param seconds that traffic is measured over; 0 measures none, and takes no time */
export async function dialStatus(request: StatusRequest, seconds = 2): Promise<DialSnapshot> {
  const observer = new DialObserver(request);
  const first = await observer.snapshot();
  if (seconds === 0) return first;
  await pause(seconds * 1000);
  return observer.snapshot();
}

/** What gateways should serve: 0 is the environment file's; undefined where nobody can tell. */
function wantedGeneration({ dial, text }: DialReading, log: readonly AuditRecord[]): number | undefined {
  if (dial !== undefined) return dial.generation;
  // Gateways stay with what they had before the key was broken, or gone.
  return log[0]?.generation ?? (text === undefined ? 0 : undefined);
}

function problemOf(
  { dial, broken, text }: DialReading,
  ramp: RampReading,
  log: readonly AuditRecord[],
): string | null {
  const problems = [
    ...(broken === undefined
      ? []
      : [`the key of the dial cannot be read, and gateways stay as they are: ${broken}`]),
    ...(text === undefined && log.length > 0
      ? ["the key of the dial is gone, and gateways stay as they are"]
      : []),
    ...(dial !== undefined && log[0] !== undefined && log[0].generation !== dial.generation
      ? [`the dial was written by hand: its last record is of generation ${log[0].generation}`]
      : []),
    ...(ramp.broken === undefined ? [] : [`the record of the ramp cannot be read: ${ramp.broken}`]),
  ];
  return problems.length === 0 ? null : problems.join("; ");
}
