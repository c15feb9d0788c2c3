import { readFileSync } from "node:fs";
import { childrenOf } from "./identity";
import type { ProcessTable } from "./process-table";

/** One process of a mesh, as nodes hand it out. */
export class ProcessHandle {
  constructor(
    private readonly processes: ProcessTable,
    readonly name: string,
    /** What makes it end by finishing its work. */
    private readonly quit: NodeJS.Signals = "SIGTERM",
  ) {}

  /** @throws Error when it was never started */
  get pid(): number {
    const pid = this.processes.get(this.name)?.pid;
    if (pid === undefined) throw new Error(`${this.name} was never started`);
    return pid;
  }

  get running(): boolean {
    return this.processes.isRunning(this.name);
  }

  /** Ids of the processes that it has started: NGINX's workers, those that finish their last requests among them. */
  get children(): number[] {
    return childrenOf(this.pid);
  }

  /** To the process alone. @returns false when it does not run */
  signal(signal: NodeJS.Signals): boolean {
    return this.processes.signal(this.name, signal);
  }

  /** SIGKILL to it and to all that it has started. Resolves when nothing of it runs. */
  kill(): Promise<void> {
    return this.processes.kill(this.name);
  }

  /** Asks it to finish its work and end; resolves when it has. */
  async stop(timeoutMs = 70_000): Promise<void> {
    this.processes.signal(this.name, this.quit);
    await this.processes.ended(this.name, timeoutMs);
  }

  /** Starts it as it was started, as systemd would; it has to have ended. */
  async restart(): Promise<void> {
    await this.processes.restart(this.name);
  }

  /** What it has written to stdout and stderr. */
  output(): string {
    return readFileSync(this.processes.get(this.name)?.logFile ?? "", "utf8");
  }
}
