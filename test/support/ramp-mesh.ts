import { rmSync } from "node:fs";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { MeshWorld } from "../../operations/mesh/world";
import type { Instance } from "../../operations/mesh/instance";
import type { AuditRecord } from "../../operations/dial/audit";
import { builtCli } from "./built";
import { startCli, type RunningCli } from "./cli";
import { dialFolder } from "./dial-world";
import { atGateway, load, startMesh } from "./mesh-callers";
import type { Load } from "./mesh-load";
import { waitUntil } from "./process";
import { limit } from "./ramp-world";

const SERVICE = "giphy";

/** A whole mesh whose traffic is dialled: two gateways, and a service in alpha and in bravo. */
export class RampMesh {
  static async start(): Promise<RampMesh> {
    builtCli();
    const { mesh, stop } = await startMesh({ mesosNodes: 1, gateways: 2 });
    const world = new RampMesh(mesh, stop);
    try {
      await mesh.startService({ name: SERVICE, on: { cluster: "alpha" }, version: "alpha" });
      world.bravo = await mesh.startService({ name: SERVICE, on: { cluster: "bravo" }, version: "bravo" });
      await mesh.settled();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  private readonly directory = dialFolder();
  private bravo: Instance | undefined;

  private constructor(
    readonly mesh: MeshWorld,
    private readonly stopMesh: () => Promise<void>,
  ) {
    limit(this.directory, { maxStep: 100, minHold: 0 });
  }

  /** `skyline dial COMMAND --env development …` */
  skyline(command: string, ...args: readonly string[]): RunningCli {
    const env = { CONSUL_HTTP_ADDR: new URL(this.mesh.consul.url).host };
    return startCli(["dial", command, "--env", "development", ...args], env, this.directory);
  }

  /** A load through both gateways, which any pod of either cluster answers. */
  load(connections: number, pauseMs = 0): Load {
    return load(
      "outside",
      [0, 1].map((at) => atGateway(this.mesh, at, SERVICE)),
      {
        ...{ service: SERVICE, connections, pauseMs, requestsPerConnection: 200 },
      },
    );
  }

  /** Something else answers in bravo instead of its service, until the work is done. */
  async instead<T>(answer: RequestListener, work: () => Promise<T>): Promise<T> {
    const bravo = this.bravo as Instance;
    await bravo.kill();
    const server = createServer(answer);
    const { port, address: host } = bravo.record;
    // A killed process' port is free when the kernel has come to it.
    await waitUntil(`${host}:${port} is free`, async () => {
      server.listen({ port, host });
      await once(server, "listening");
    });
    try {
      return await work();
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await bravo.restart();
    }
  }

  async text(key: string): Promise<string | undefined> {
    return this.mesh.consul.get(`skyline/development/${key}`);
  }

  /** The newest records, newest first. */
  async log(): Promise<readonly AuditRecord[]> {
    const { stdout } = await this.skyline("log", "--json").ended;
    return (JSON.parse(stdout) as { data: { records: AuditRecord[] } }).data.records;
  }

  async stop(): Promise<void> {
    rmSync(this.directory, { recursive: true, force: true });
    await this.stopMesh();
  }
}
