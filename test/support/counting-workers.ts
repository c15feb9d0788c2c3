import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORKER_SERVICE } from "../../environment/naming";
import type { MeshWorld } from "../../operations/mesh/world";
import { freePort } from "../../operations/ports";
import { nginxBinary } from "./nginx-binary";
import { ManagedProcess, waitUntil } from "./process";

/** Where a request came to. */
export interface Arrival {
  readonly cluster: string;
  readonly worker: string;
}

/**
 * Kubernetes workers with nothing behind them, registered in a mesh: one NGINX that answers 204 to everything and writes
 * down which request came to which worker. A demo application would be slower by ten times.
 */
export class CountingWorkers {
  /** @param clusters how many workers each has */
  static async start(mesh: MeshWorld, clusters: Readonly<Record<string, number>>): Promise<CountingWorkers> {
    const directory = join(mesh.directory, "counting");
    mkdirSync(directory, { recursive: true });
    const ports = new Map<string, number[]>();
    for (const [cluster, count] of Object.entries(clusters)) {
      ports.set(cluster, await Promise.all(Array.from({ length: count }, () => freePort())));
    }
    const servers = [...ports].map(
      ([cluster, listened]) => `server {
      ${listened.map((port) => `listen 127.0.0.1:${port};`).join(" ")}
      access_log ${directory}/${cluster}.log arrival buffer=64k flush=100ms;
      location / { return 204; }
    }`,
    );
    writeFileSync(
      join(directory, "nginx.conf"),
      `${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
events { worker_connections 4096; }
http {
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((part) => `${part}_temp_path ${directory}/${part};`).join(" ")}
  log_format arrival escape=none '$http_x_request_id $server_port';
  large_client_header_buffers 8 16k;
  keepalive_requests 1000000;
  ${servers.join("\n  ")}
}
`,
    );
    const nginx = await ManagedProcess.start({
      name: "counting workers",
      command: await nginxBinary(),
      args: ["-e", "stderr", "-p", directory, "-c", join(directory, "nginx.conf")],
      logFile: join(directory, "nginx.out"),
    });
    const workers = new CountingWorkers(mesh, directory, nginx, ports);
    for (const [cluster, listened] of ports) {
      await Promise.all(listened.map((_, index) => workers.register(cluster, index)));
    }
    return workers;
  }

  private constructor(
    private readonly mesh: MeshWorld,
    private readonly directory: string,
    private readonly nginx: ManagedProcess,
    private readonly ports: ReadonlyMap<string, readonly number[]>,
  ) {}

  register(cluster: string, index: number): Promise<void> {
    return this.mesh.consul.register({
      name: WORKER_SERVICE,
      id: `${cluster}-${index}`,
      address: "127.0.0.1",
      port: this.ports.get(cluster)?.[index] ?? 0,
      tags: [],
      meta: { cluster },
    });
  }

  deregister(cluster: string, index: number): Promise<void> {
    return this.mesh.consul.deregister(`${cluster}-${index}`);
  }

  /** Waits until so many requests have come since the last call, and tells where, by their ids. */
  async arrivals(count: number): Promise<Map<string, Arrival>> {
    const lines = await waitUntil(
      `${count} requests are written down`,
      async () => {
        const found = [...this.ports.keys()].flatMap((cluster) =>
          readFileSync(this.log(cluster), "latin1")
            .split("\n")
            .slice(0, -1)
            .map((line) => [cluster, line.split(" ")] as const),
        );
        if (found.length < count) throw new Error(`there are ${found.length}`);
        return found;
      },
      { timeoutMs: 60_000 },
    );
    for (const cluster of this.ports.keys()) truncateSync(this.log(cluster));
    const arrivals = new Map(
      lines.map(([cluster, [id = "", port = ""]]) => [id, { cluster, worker: `${cluster} ${port}` }]),
    );
    if (lines.length !== count || arrivals.size !== count) {
      throw new Error(`${lines.length} requests came, of ${arrivals.size} ids, and ${count} were sent`);
    }
    return arrivals;
  }

  async stop(): Promise<void> {
    await this.nginx.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private log(cluster: string): string {
    return join(this.directory, `${cluster}.log`);
  }
}
