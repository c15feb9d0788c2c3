import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../environment/package-root";
import { OperationFailure } from "../failure";
import { pause } from "../processes";
import { answers, json } from "./http";
import { ProcessHandle } from "./process-handle";
import type { ProcessTable } from "./process-table";

/** An instance of the demo service, as a mesh keeps it. */
export interface InstanceRecord {
  /** `organization-1` */
  readonly id: string;
  readonly service: string;
  readonly version: string;
  /** Name of the Mesos node or of the cluster. */
  readonly where: string;
  readonly kind: "mesos" | "kubernetes";
  readonly address: string;
  readonly port: number;
}

/** What the demo service says of its work. */
export interface InstanceState {
  readonly requests: number;
  readonly inFlight: number;
  /** Milliseconds since the end of the last request. */
  readonly idleMs: number;
  readonly stopping: boolean;
}

export interface Membership {
  /** Makes it known: to Consul, or as a pod of its Service. */
  join(instance: InstanceRecord): Promise<void>;
  /** Makes it unknown. */
  leave(instance: InstanceRecord): Promise<void>;
  /** Resolves when no request is sent to it any more that was not on its way. */
  unrouted(instance: InstanceRecord): Promise<void>;
  forget(instance: InstanceRecord): void;
}

/** A step of taking an instance away, as it happens. */
export type ScaleStep = "deregistered" | "unrouted" | "drained" | "stopped";

export interface ScaleDownOptions {
  /** For how long requests under way may take to end. @default 30000 */
  readonly drainMs?: number;
  readonly onStep?: (step: ScaleStep, instance: InstanceRecord) => void;
}

/** For how long it must have been without a request before it is stopped. */
const QUIET_MS = 300;

/** A running instance of the demo service. */
export class Instance {
  readonly process: ProcessHandle;

  constructor(
    private readonly processes: ProcessTable,
    readonly record: InstanceRecord,
    private readonly membership: Membership,
    private readonly directory: string,
  ) {
    this.process = new ProcessHandle(processes, `service/${record.id}`);
  }

  /** The instance itself, past the mesh. */
  get url(): string {
    return `http://${this.record.address}:${this.record.port}`;
  }

  /** Starts it, and makes it known once it answers. */
  async start(): Promise<void> {
    const { id, service, version, kind, address, port } = this.record;
    // Answers say in which world they were made: "mesos", or the cluster.
    const where = kind === "mesos" ? kind : this.record.where;
    const folder = join(this.directory, "services");
    mkdirSync(folder, { recursive: true });
    const settings = { name: service, version, where, address, port: String(port) };
    await this.processes.start({
      name: this.process.name,
      command: process.execPath,
      args: [
        join(packageRoot(), "mesh", "demo", "service.mjs"),
        ...Object.entries(settings).map(([option, value]) => `--${option}=${value}`),
      ],
      cwd: folder,
      logFile: join(folder, `${id}.log`),
    });
    await this.ready();
    await this.membership.join(this.record);
  }

  private ready(): Promise<void> {
    return this.processes.ready(this.process.name, () => answers(`${this.url}/_demo/health`));
  }

  state(): Promise<InstanceState> {
    return json(`${this.url}/_demo/state`);
  }

  /** SIGKILL: nobody is told. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  /** Starts it again after {@link kill}; it is still known. */
  async restart(): Promise<void> {
    await this.process.restart();
    await this.ready();
  }

  register(): Promise<void> {
    return this.membership.join(this.record);
  }

  deregister(): Promise<void> {
    return this.membership.leave(this.record);
  }

  /** Takes it away without failing a request: deregister, wait until nobody sends to it, drain, stop. */
  scaleDown(options: ScaleDownOptions = {}): Promise<void> {
    return scaleDown([this], options);
  }

  /** Resolves when no node sends to it any more. */
  unrouted(): Promise<void> {
    return this.membership.unrouted(this.record);
  }

  /** Resolves when no request is under way. @throws OperationFailure at the deadline */
  async drained(drainMs: number): Promise<void> {
    const deadline = Date.now() + drainMs;
    while (this.process.running) {
      const { inFlight, idleMs } = await this.state();
      if (inFlight === 0 && idleMs > QUIET_MS) return;
      if (Date.now() > deadline) {
        throw new OperationFailure(
          "timeout",
          `${this.record.id} still has ${inFlight} requests under way after ${drainMs} ms; it is deregistered and runs on`,
        );
      }
      await pause(50);
    }
  }

  /** Ends the process in order; it is not known any more. */
  async stop(drainMs: number): Promise<void> {
    await this.processes.stop(this.process.name, drainMs);
    this.membership.forget(this.record);
  }
}

/** Takes several away at once: one change to the routes, and not one for each. */
export async function scaleDown(
  instances: readonly Instance[],
  options: ScaleDownOptions = {},
): Promise<void> {
  const { drainMs = 30_000, onStep = () => undefined } = options;
  const each = async (step: ScaleStep, work: (instance: Instance) => Promise<void>) => {
    await Promise.all(
      instances.map(async (instance) => {
        await work(instance);
        onStep(step, instance.record);
      }),
    );
  };
  await each("deregistered", (instance) => instance.deregister());
  await each("unrouted", (instance) => instance.unrouted());
  await each("drained", (instance) => instance.drained(drainMs));
  await each("stopped", (instance) => instance.stop(drainMs));
}
