import { execFileSync } from "node:child_process";
import type { Server } from "node:http";
import { once } from "node:events";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillPlaces } from "../../environment/mesh/places";
import { freePort } from "../../operations/ports";
import { applicationOfPaths } from "./counted-nginx-application";
import { nginxBinary, pythonBinary } from "./nginx-binary";
import { ManagedProcess, waitUntil } from "./process";
import { parseMetrics, type Metrics } from "./prometheus-text";

const LINE = "gateway\tfoo\tkubernetes\talpha\t200\t0.002\t200\tOK\t\n";
const MESH = join(__dirname, "..", "..", "mesh");

/**
 * One NGINX with the mesh's own log formats, as a gateway's, before an application that does what its paths say, and a
 * skyline-metrics that counts it.
 *
 *     /service/NAME/status/503   /slow?ms=20   /events   /endless   /service/NAME-retried/… (first
 *     tries an address where nobody is)
 */
export class CountedNginx {
  private nginx: ManagedProcess | undefined;
  private counter: ManagedProcess | undefined;
  private generation = 0;

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly health: number,
    private readonly deadPort: number,
    private readonly application: Server,
    private readonly programs: { readonly nginx: string; readonly python: string },
    private readonly mounted: boolean,
  ) {}

  /** @param disk MiB of a file system of its own for logs and state, as a node has one for both */
  static async start(name: string, known: readonly string[], disk?: number): Promise<CountedNginx> {
    const directory = join(tmpdir(), `skyline-counted-${name}-${process.pid}`);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, "disk"), { recursive: true });
    if (disk !== undefined)
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${disk}m`, "skyline-test", join(directory, "disk")]);
    for (const part of ["disk/state/live", "disk/log", "run", "conf"])
      mkdirSync(join(directory, part), { recursive: true });
    for (const part of ["state", "log"]) symlinkSync(join("disk", part), join(directory, part));
    const application = applicationOfPaths().listen(0, "127.0.0.1");
    await once(application, "listening");
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const programs = { nginx: await nginxBinary(), python: await pythonBinary() };
    const world = new CountedNginx(directory, ...ports, application, programs, disk !== undefined);
    const model = { services: Object.fromEntries(known.map((service) => [service, []])), settings: {} };
    writeFileSync(join(directory, "state/live/model.json"), JSON.stringify(model));
    writeFileSync(join(directory, "node.json"), JSON.stringify(world.node()));
    await world.startNginx();
    return world;
  }

  get log(): string {
    return join(this.directory, "log");
  }

  get master(): number {
    return Number(readFileSync(join(this.directory, "run/nginx.pid"), "utf8"));
  }

  /** Files of the counted log. */
  countsFiles = () => readdirSync(this.log).filter((name) => name.startsWith("counts."));

  accessLines = () => readFileSync(join(this.log, "access.log"), "latin1").split("\n").filter(Boolean);

  async startNginx(): Promise<void> {
    this.configure();
    const { directory } = this;
    const args = ["-p", join(directory, "run"), "-e", "stderr", "-c", join(directory, "conf/nginx.conf")];
    const logFile = join(directory, "nginx.out");
    this.nginx = await ManagedProcess.start({ name: "NGINX", command: this.programs.nginx, args, logFile });
    await this.nginx.ready(() => this.served());
  }

  /** Lets it answer what it has begun. */
  async stopNginx(): Promise<void> {
    process.kill(this.master, "SIGQUIT");
    await this.nginx?.ended;
  }

  /** Reloads, and waits until new workers answer. */
  async reload(): Promise<void> {
    this.configure();
    process.kill(this.master, "SIGHUP");
    await waitUntil("the new generation answers", async () => {
      const served = await this.served();
      if (served !== String(this.generation)) throw new Error(`${served} and not ${this.generation}`);
    });
  }

  async startCounter(): Promise<void> {
    this.counter = await this.startAnotherCounter();
  }

  startAnotherCounter(): Promise<ManagedProcess> {
    const args = [join(MESH, "node/skyline-metrics"), "--node", join(this.directory, "node.json")];
    const [command, env] = [this.programs.python, { PYTHONDONTWRITEBYTECODE: "1" }];
    const logFile = join(this.directory, "skyline-metrics.out");
    return ManagedProcess.start({ name: "skyline-metrics", command, args, env, logFile });
  }

  stopCounter = () => this.counter?.stop();

  async killCounter(): Promise<void> {
    if (this.counter?.running === true) process.kill(this.counter.pid, "SIGKILL");
    await this.counter?.ended;
  }

  /**
   * Makes the counted log as large as hours do, by lines as NGINX writes them: for requests of `foo`. In one write, so
   * that none of NGINX' gets into the middle of a line.
   * @returns how many
   */
  growLog(bytes: number): number {
    const count = Math.ceil(bytes / LINE.length);
    const written = this.appendLines(count);
    if (written !== count) throw new Error(`${written} of ${count} lines are written`);
    return count;
  }

  /** As {@link growLog}, until the disk is full. */
  fillDisk(): number {
    return this.appendLines(Math.ceil(this.freeBytes() / LINE.length) + 1);
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(join(this.directory, "disk"));
    return bavail * bsize;
  }

  private appendLines(count: number): number {
    const log = openSync(join(this.log, "counts.log"), "a+");
    const bytes = writeSync(log, Buffer.from(LINE.repeat(count)));
    const whole = Math.floor(bytes / LINE.length);
    // Only what a full disk has cut: NGINX appends to this log as well.
    if (bytes % LINE.length > 0) ftruncateSync(log, fstatSync(log).size - (bytes % LINE.length));
    closeSync(log);
    return whole;
  }

  get counterPid(): number | undefined {
    return this.counter?.pid;
  }

  counterSaid = () => readFileSync(join(this.directory, "skyline-metrics.out"), "utf8");

  /** As NGINX serves them; checked. */
  async metrics(): Promise<Metrics> {
    const answer = await fetch(`http://127.0.0.1:${this.health}/metrics`);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status} ${text}`);
    return parseMetrics(text);
  }

  /** Metrics once they say so. */
  metricsWith(what: string, condition: (metrics: Metrics) => void): Promise<Metrics> {
    return waitUntil(what, async () => {
      const metrics = await this.metrics();
      condition(metrics);
      return metrics;
    });
  }

  async stop(): Promise<void> {
    await this.killCounter();
    await this.nginx?.stop();
    this.application.closeAllConnections();
    this.application.close();
    if (this.mounted) execFileSync("umount", ["--lazy", join(this.directory, "disk")]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async served(): Promise<string> {
    return (await (await fetch(`http://127.0.0.1:${this.health}/generation`)).text()).trim();
  }

  private node() {
    const { directory, health, port } = this;
    return {
      role: "gateway",
      environment: "development",
      address: "127.0.0.1",
      nginx: this.programs.nginx,
      paths: { state: join(directory, "state"), run: join(directory, "run"), log: this.log },
      ports: { gateway: port, health },
    };
  }

  private configure(): void {
    this.generation += 1;
    const { directory, port, health, deadPort } = this;
    const backend = (this.application.address() as { port: number }).port;
    const common = readFileSync(join(MESH, "common/http.conf"), "utf8");
    const places = { CACHE: join(directory, "run"), DENIED: "    kubernetes 1;" };
    writeFileSync(
      join(directory, "conf/nginx.conf"),
      `user root; worker_processes 2; daemon off; worker_shutdown_timeout 60s;
pid ${directory}/run/nginx.pid;
events { worker_connections 1024; }
http {
${fillPlaces(common, places, "the test's NGINX")}
  access_log ${this.log}/access.log skyline buffer=64k flush=1s;
  access_log ${this.log}/counts.log counts buffer=64k flush=1s;
  map "" $skyline_generation { default "${this.generation}"; }
  upstream backend { server 127.0.0.1:${backend}; keepalive 32; }
  upstream retried { server 127.0.0.1:${deadPort} max_fails=0; server 127.0.0.1:${backend} backup; }
  server {
    listen 127.0.0.1:${port};
    set $skyline_listener gateway;
    set $skyline_hop $next_hop;
    proxy_set_header Connection $connection_to_keep;
    proxy_set_header Upgrade $websocket;
    location ~ "^/service/(?<name>[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)/" {
      set $service $name;
      set $route kubernetes;
      set $cluster alpha;
      if ($name ~ retried) { proxy_pass http://retried; }
      proxy_pass http://backend;
    }
    location / { return 404; }
  }
  server {
    listen 127.0.0.1:${health};
    access_log off;
    location = /generation { return 200 "$skyline_generation\\n"; }
    location = /metrics { types { } default_type "text/plain; version=0.0.4"; alias ${directory}/run/metrics.prom; }
  }
}
`,
    );
  }
}
