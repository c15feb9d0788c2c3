import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { ports } from "../../environment/naming";
import type { Dial } from "../../operations/dial/state";
import type { RampRecord } from "../../operations/dial/ramp/record";
import type { RunningCli } from "./cli";
import { DialWorld } from "./dial-world";
import { waitUntil } from "./process";

/** Bounds of the histogram that gateways keep of each cluster, in seconds. */
const BOUNDS = Array.from({ length: 33 }, (_, step) => Number((0.001 * 2 ** (step / 2)).toFixed(4)));

/** What a gateway of {@link RampWorld} does; each may be changed while it runs. */
export interface Behaviour {
  /** Serves the dial as it is in Consul; otherwise what it served last. */
  follows: boolean;
  /** Answers for its metrics. */
  readable: boolean;
  /** Requests in a second, of all clusters. */
  rate: number;
  /** Part of a cluster's requests that fail. */
  failing: Record<string, number>;
  /** Seconds that each request of a cluster takes. @default 0.01 */
  slow: Record<string, number>;
}

/** A gateway that answers what NGINX and the counter of a real one answer, of traffic that nobody sends. */
class CountingGateway {
  private readonly counts = new Map<string, number>();
  private readonly times = new Map<string, number>();
  private served: Dial | undefined;
  private counted = Date.now();

  static async start(address: string, behaviour: Behaviour, dial: () => Promise<Dial | undefined>) {
    const gateway = new CountingGateway(address, behaviour, dial);
    await new Promise<void>((resolve, reject) => {
      gateway.server.once("error", reject).listen(ports.health, address, resolve);
    });
    return gateway;
  }

  private readonly server: Server;

  private constructor(
    readonly address: string,
    private readonly behaviour: Behaviour,
    private readonly dial: () => Promise<Dial | undefined>,
  ) {
    this.server = createServer((request, response) => {
      if (request.url === "/metrics" && !behaviour.readable) return void response.writeHead(503).end();
      const text = request.url === "/metrics" ? this.metrics() : this.serving();
      text.then(
        (body) => response.end(body),
        () => response.writeHead(500).end(),
      );
    });
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** As when the counter cannot read what it has saved. */
  forget(): void {
    this.counts.clear();
    this.times.clear();
  }

  private async current(): Promise<Dial | undefined> {
    if (this.behaviour.follows) this.served = await this.dial();
    return this.served;
  }

  private async serving(): Promise<string> {
    const { generation = 0, weights = { alpha: 100 } } = (await this.current()) ?? {};
    return JSON.stringify({ generation, weights });
  }

  private async metrics(): Promise<string> {
    const { weights = { alpha: 100 } } = (await this.current()) ?? {};
    const now = Date.now();
    for (const [cluster, weight] of Object.entries(weights)) {
      this.count(cluster, (((now - this.counted) / 1000) * this.behaviour.rate * weight) / 100);
    }
    this.counted = now;
    const requests = [...this.counts].map(
      ([labels, value]) => `skyline_requests_total{${labels}} ${Math.round(value)}`,
    );
    const buckets = [...this.times].map(
      ([labels, value]) => `skyline_cluster_request_seconds_bucket{${labels}} ${Math.round(value)}`,
    );
    const written = `skyline_metrics_written_timestamp_seconds ${now / 1000}`;
    return [...requests, ...buckets, written, ""].join("\n");
  }

  private count(cluster: string, requests: number): void {
    const { failing, slow } = this.behaviour;
    const failed = requests * (failing[cluster] ?? 0);
    for (const [code, more] of Object.entries({ 200: requests - failed, 500: failed })) {
      const labels = `listener="gateway",service="giphy",route="kubernetes",cluster="${cluster}",code="${code}"`;
      this.counts.set(labels, (this.counts.get(labels) ?? 0) + more);
    }
    for (const bound of [...BOUNDS, Infinity]) {
      const labels = `listener="gateway",cluster="${cluster}",le="${bound === Infinity ? "+Inf" : bound}"`;
      const more = bound >= (slow[cluster] ?? 0.01) ? requests : 0;
      this.times.set(labels, (this.times.get(labels) ?? 0) + more);
    }
  }
}

/** Gives the environments of a folder these limits: with those of every day a ramp takes many minutes. */
export function limit(
  directory: string,
  limits: { readonly maxStep: number; readonly minHold: number },
): void {
  const folder = join(directory, "environments");
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), "utf8");
    writeFileSync(
      join(folder, file),
      text.replace("\nmesh:\n", `\nmesh:\n  dial: ${JSON.stringify(limits)}\n`),
    );
  }
}

/** A Consul, and two gateways that do as they are told, for ramps of the compiled CLI. */
export class RampWorld {
  static async start(): Promise<RampWorld> {
    const dial = await DialWorld.start();
    limit(dial.directory, { maxStep: 50, minHold: 1 });
    return new RampWorld(dial);
  }

  readonly behaviours: readonly Behaviour[] = [normal(), normal()];
  private gateways: readonly CountingGateway[] = [];

  private constructor(readonly dial: DialWorld) {}

  /** As before the first change: nothing is written, and both gateways do well. */
  async reset(): Promise<void> {
    await this.stopGateways();
    await this.dial.reset();
    this.behaviours.forEach((behaviour) => Object.assign(behaviour, normal()));
    const base = `127.${100 + (process.pid % 100)}.45`;
    this.gateways = await Promise.all(
      this.behaviours.map((behaviour, at) =>
        CountingGateway.start(`${base}.${at + 1}`, behaviour, () => this.dial.dial()),
      ),
    );
    for (const [at, { address }] of this.gateways.entries()) {
      await this.dial.server.call("PUT", "/v1/catalog/register", {
        ...{ Node: `gateway-${at + 1}`, Address: address },
        Service: { ID: "skyline-gateway", Service: "skyline-gateway", Port: ports.gateway },
        Check: { CheckID: "gateway", Name: "http", Status: "passing", ServiceID: "skyline-gateway" },
      });
    }
  }

  /** All gateways at once. */
  behave(change: Partial<Behaviour>): void {
    this.behaviours.forEach((behaviour) => Object.assign(behaviour, change));
  }

  /** As when the counters of all gateways begin anew. */
  forget(): void {
    this.gateways.forEach((gateway) => gateway.forget());
  }

  /** `skyline dial ramp` with a hold of a second, to bravo by 25, 50 and 100 unless said otherwise. */
  ramp(...args: readonly string[]): RunningCli {
    const given = (option: string, ...others: readonly string[]) =>
      args.includes(option) ? [] : [option, ...others];
    return this.dial.start("ramp", [
      ...given("--to", "bravo"),
      ...given("--steps", "25,50,100"),
      ...given("--hold", "1s"),
      ...given("--why", "a test"),
      ...args,
    ]);
  }

  /** Waits until the ramp's record is so. */
  until(what: string, holds: (record: RampRecord) => boolean): Promise<RampRecord> {
    return waitUntil(what, async () => {
      const record = await this.record();
      if (record === undefined || !holds(record)) throw new Error(JSON.stringify(record));
      return record;
    });
  }

  async record(): Promise<RampRecord | undefined> {
    const text = await this.dial.text("ramp");
    return text === undefined ? undefined : (JSON.parse(text) as RampRecord);
  }

  async stop(): Promise<void> {
    await this.stopGateways();
    await this.dial.stop();
  }

  private async stopGateways(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    this.gateways = [];
  }
}

const normal = (): Behaviour => ({ follows: true, readable: true, rate: 1000, failing: {}, slow: {} });
