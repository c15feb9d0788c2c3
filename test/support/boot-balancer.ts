import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import type { BalancerSettings, Target, TargetHealth } from "./boot-types";

interface Watched extends Target {
  healthy: boolean;
  since: number;
  reason: string;
  /** Checks in a row that said the opposite of `healthy`. */
  against: number;
  readonly connections: Set<Socket>;
  readonly timer: NodeJS.Timeout;
}

/**
 * A balancer of TCP connections as an internal NLB is one: a target is taken in and out by checks of its health whose
 * certificate nobody verifies, loses its connections when it becomes unhealthy, and sees the balancer's address as the
 * client's. With no healthy target all of them are used.
 */
export class Balancer {
  static async start(address: string, settings: BalancerSettings): Promise<Balancer> {
    const balancer = new Balancer(settings);
    const server = createServer({ allowHalfOpen: true }, (client) => balancer.accept(client));
    await new Promise<void>((resolve) => server.listen(settings.port, address, resolve));
    return balancer;
  }

  private watched: Watched[] = [];
  private next = 0;

  private constructor(private readonly settings: BalancerSettings) {}

  setTargets(targets: readonly Target[]): void {
    const same = (one: Target) => (other: Target) => one.address === other.address && one.port === other.port;
    const gone = this.watched.filter((known) => !targets.some(same(known)));
    for (const target of gone) clearInterval(target.timer);
    this.watched = targets.map((target) => this.watched.find(same(target)) ?? this.watch(target));
  }

  health(): readonly TargetHealth[] {
    return this.watched.map(({ address, port, healthy, since, reason }) => ({
      ...{ address, port, healthy, since, reason },
    }));
  }

  private watch({ address, port }: Target): Watched {
    const check = () => {
      this.check(target).then(
        () => this.judge(target, true, ""),
        (error: Error) => this.judge(target, false, error.message),
      );
    };
    const target: Watched = {
      address,
      port,
      healthy: false,
      since: Date.now(),
      reason: "not checked yet",
      against: 0,
      connections: new Set(),
      timer: setInterval(check, this.settings.intervalMs),
    };
    return target;
  }

  private check({ address, port }: Target): Promise<void> {
    const { protocol, checkPort = port, path, timeoutMs } = this.settings;
    const request = protocol === "https" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: address, port: checkPort, path, agent: false, rejectUnauthorized: false },
        (response) => {
          response.resume();
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${path} answered ${response.statusCode}`));
        },
      );
      const late = setTimeout(
        () => sent.destroy(new Error(`${path} did not answer in ${timeoutMs} ms`)),
        timeoutMs,
      );
      sent.on("close", () => clearTimeout(late));
      sent.on("error", reject);
      sent.end();
    });
  }

  private judge(target: Watched, good: boolean, reason: string): void {
    if (!good) target.reason = reason;
    target.against = good === target.healthy ? 0 : target.against + 1;
    if (target.against < this.settings.threshold) return;
    target.healthy = good;
    target.since = Date.now();
    target.against = 0;
    if (!good) for (const connection of target.connections) connection.resetAndDestroy();
  }

  private accept(client: Socket): void {
    const healthy = this.watched.filter((target) => target.healthy);
    const usable = healthy.length > 0 ? healthy : this.watched;
    const target = usable[this.next++ % Math.max(usable.length, 1)];
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    target.connections.add(client);
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    client.on("close", () => {
      target.connections.delete(client);
      server.destroy();
    });
    server.on("error", () => client.resetAndDestroy());
    server.on("close", () => client.destroy());
  }
}
