import { createHash } from "node:crypto";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { clusterOf } from "../../operations/dial/choice";
import { http } from "../../operations/mesh/http";
import { catalogue, dial, dialFile, services } from "./mesh-catalogue";
import { MeshNode } from "./mesh-node";

const SECONDS = 120;
const WEIGHTS = { alpha: 90, bravo: 10 };

export interface SlowResult {
  readonly sent: number;
  /** Ids of requests that did not arrive where they were to. */
  readonly misplaced: readonly string[];
  /** Clusters at which some arrived. */
  readonly clusters: readonly string[];
}

/**
 * A request a second for two minutes, through a gateway of its own that reloads every ten seconds: what a share by turns
 * would get wrong, as each reload begins them anew.
 */
export class SlowTraffic {
  static async start(): Promise<SlowTraffic> {
    const arrived = new Map<string, string>();
    const worker = async (cluster: string) => {
      const server = createServer((request, response) => {
        arrived.set(String(request.headers["x-request-id"]), cluster);
        response.end();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    };
    const servers = { alpha: await worker("alpha"), bravo: await worker("bravo") };
    const node = await MeshNode.create();
    const slow = new SlowTraffic(node, servers, arrived);
    slow.stage(0);
    await node.apply("--boot");
    await node.start();
    slow.work = slow.send();
    // Whoever waits for it says what went wrong.
    slow.work.catch(() => undefined);
    return slow;
  }

  private work: Promise<SlowResult> | undefined;
  private stopped = false;

  private constructor(
    private readonly node: MeshNode,
    private readonly servers: Readonly<Record<string, Server>>,
    private readonly arrived: ReadonlyMap<string, string>,
  ) {}

  ended(): Promise<SlowResult> {
    return this.work as Promise<SlowResult>;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work?.catch(() => undefined);
    Object.values(this.servers).forEach((server) => server.close());
    await this.node.close();
  }

  /** A catalogue unlike the one before, so that the gateway reloads. */
  private stage(number: number): void {
    const workers = Object.entries(this.servers).map(([cluster, server]) => ({
      ...{ node: cluster, address: "127.0.0.1", port: (server.address() as AddressInfo).port, cluster },
    }));
    this.node.stage(catalogue({ workers, services: services(1 + (number % 2)) }));
    this.node.stageDial(dialFile(dial(WEIGHTS)));
  }

  private async send(): Promise<SlowResult> {
    const ids = Array.from({ length: SECONDS }, (_, second) =>
      createHash("md5").update(`slow ${second}`).digest("hex"),
    );
    const began = Date.now();
    for (const [second, id] of ids.entries()) {
      await sleep(Math.max(0, began + second * 1000 - Date.now()));
      if (this.stopped) break;
      const { status } = await http(`http://${this.node.address}:5042/service/foo/x`, {
        headers: { "X-Request-Id": id },
        // It shares its process and the machine with what sends as fast as it can.
        timeoutMs: 60_000,
      });
      if (status !== 200) throw new Error(`request ${second} was answered ${status}`);
      if (second % 10 === 9) {
        this.stage(second);
        await this.node.apply();
      }
    }
    return {
      sent: this.arrived.size,
      misplaced: ids.filter((id) => this.arrived.get(id) !== clusterOf(id, WEIGHTS)),
      clusters: [...new Set(this.arrived.values())].sort(),
    };
  }
}
