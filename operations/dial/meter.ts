import type { Consul } from "../consul/client";
import { findOrKeep, metricsOf, type Gateway } from "./gateways";
import { growth, parseReading, type Reading } from "./readings";
import { sumByCluster, type Traffic } from "./traffic";

/** What gateways counted since the reading before. */
export interface Measured {
  /** Since the reading before; 0 at the first. */
  readonly seconds: number;
  readonly clusters: Readonly<Record<string, Traffic>>;
  /** Gateways of which nothing is known now, each with why: `gateway-2 does not answer`. */
  readonly unread: readonly string[];
}

/** For so long a gateway's counts may stand still: they are written each second, and a busy node is late at times. */
const STALE_MS = 5000;

interface Known {
  readonly reading: Reading;
  /** When it was first seen, by performance.now(). */
  readonly seen: number;
}

/** Reads the metrics of all gateways again and again, and tells what was added. */
export class Meter {
  private readonly known = new Map<string, Known>();
  private found: readonly Gateway[] = [];
  private last: number | undefined;

  constructor(private readonly consul: Consul) {}

  /** Those of the last reading. */
  get gateways(): readonly Gateway[] {
    return this.found;
  }

  /** @throws OperationFailure when Consul cannot be asked which gateways there are */
  async read(): Promise<Measured> {
    this.found = await findOrKeep(this.consul, this.found);
    const answers = await Promise.all(this.found.map((gateway) => this.readOne(gateway)));
    const now = performance.now();
    const seconds = this.last === undefined ? 0 : (now - this.last) / 1000;
    this.last = now;
    const names = new Set(this.found.map(({ name }) => name));
    for (const name of this.known.keys()) if (!names.has(name)) this.known.delete(name);
    return {
      seconds,
      clusters: sumByCluster(answers.map(({ clusters }) => clusters)),
      unread:
        this.found.length === 0
          ? ["no gateway is registered in Consul"]
          : answers.flatMap(({ problem }) => (problem === null ? [] : [problem])),
    };
  }

  private async readOne(gateway: Gateway): Promise<Read> {
    const { name, healthy } = gateway;
    const known = this.known.get(name);
    const now = performance.now();
    const isStale = known === undefined || now - known.seen > STALE_MS;
    let reading: Reading;
    try {
      reading = parseReading(await metricsOf(gateway));
    } catch (error) {
      // Gone, as in follow.ts: it serves nobody, so nothing is missed.
      const problem = healthy && isStale ? `${name} cannot be read: ${(error as Error).message}` : null;
      return { clusters: {}, problem };
    }
    if (known !== undefined && reading.written === known.reading.written) {
      const problem = isStale ? `${name} has counted nothing for ${seconds(now - known.seen)}` : null;
      return { clusters: {}, problem };
    }
    this.known.set(name, { reading, seen: now });
    return { clusters: (known && growth(known.reading, reading)) ?? {}, problem: null };
  }
}

interface Read {
  readonly clusters: Readonly<Record<string, Traffic>>;
  readonly problem: string | null;
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
