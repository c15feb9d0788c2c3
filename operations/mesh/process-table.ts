import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "../failure";
import { pause, startProcess, tail } from "../processes";
import { identityOf, orphansOf } from "./identity";

/** What is started: enough to start it again. */
export interface ProcessSpec {
  /** Unique in the table: `mesos-1/nginx`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  /** What ends it in order. @default "SIGTERM" */
  readonly quit?: NodeJS.Signals;
  /** Added to what every process of a mesh has. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RecordedProcess extends ProcessSpec {
  readonly pid: number;
  /** See {@link identityOf}: an id alone may be another's after a reboot. */
  readonly identity: string;
}

/**
 * The processes of a mesh, each in a process group of its own, kept in a file so that another run can end exactly them.
 * Those of a mesh that is not kept end with this process, however it ends.
 */
export class ProcessTable {
  private readonly recorded: Map<string, RecordedProcess>;
  private readonly guard: ChildProcess | undefined;

  constructor(
    readonly directory: string,
    private readonly keep: boolean,
  ) {
    const file = join(directory, "processes.json");
    const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as RecordedProcess[]) : [];
    this.recorded = new Map(before.map((recorded) => [recorded.name, recorded]));
    this.guard = keep ? undefined : startGuard(join(directory, "groups"));
  }

  /** Starts it. @throws OperationFailure when one of that name runs, or there is no such command */
  async start(spec: ProcessSpec): Promise<RecordedProcess> {
    if (this.isRunning(spec.name)) {
      throw new OperationFailure(
        "conflict",
        `${spec.name} runs already, as process ${this.recorded.get(spec.name)?.pid}`,
      );
    }
    const running = startProcess({ ...spec, env: { ...quiet(process.env), ...spec.env } });
    // spawn has given an id at once, or never will; a program that ends right away is left to who waits for it.
    const identity = running.pid === 0 ? undefined : identityOf(running.pid);
    if (running.pid === 0) {
      await running.exited;
      throw new OperationFailure("missing", `${spec.name}: ${spec.command} cannot be started`);
    }
    running.release();
    const recorded = { ...spec, pid: running.pid, identity: identity ?? "ended" };
    this.recorded.set(spec.name, recorded);
    this.save();
    return recorded;
  }

  get(name: string): RecordedProcess | undefined {
    return this.recorded.get(name);
  }

  all(): readonly RecordedProcess[] {
    return [...this.recorded.values()];
  }

  isRunning(name: string): boolean {
    const recorded = this.recorded.get(name);
    return recorded !== undefined && identityOf(recorded.pid) === recorded.identity;
  }

  /** Sends a signal to the process alone, or to all of its group. @returns false when it does not run */
  signal(name: string, signal: NodeJS.Signals, whom: "process" | "group" = "process"): boolean {
    const recorded = this.recorded.get(name);
    if (recorded === undefined || !this.isRunning(name)) {
      return false;
    }
    return send(whom === "group" ? -recorded.pid : recorded.pid, signal);
  }

  /** Asks it to end, and sends SIGKILL to the whole group after the grace period. Resolves when nothing of it runs. */
  async stop(name: string, graceMs = 5000): Promise<void> {
    this.signal(name, this.recorded.get(name)?.quit ?? "SIGTERM");
    await this.ended(name, graceMs).catch(() => undefined);
    await this.kill(name);
    this.forget(name);
  }

  /** SIGKILL to it and to what it has started. Resolves when nothing of it runs; it can be started again. */
  async kill(name: string): Promise<void> {
    this.signal(name, "SIGKILL", "group");
    const recorded = this.recorded.get(name);
    const deadline = Date.now() + 5000;
    while (recorded !== undefined && this.runs(recorded)) {
      orphansOf(recorded.pid, this.directory).forEach((pid) => send(pid, "SIGKILL"));
      if (Date.now() > deadline) {
        throw new OperationFailure("timeout", `${name}, process ${recorded.pid}, does not end`);
      }
      await pause(10);
    }
  }

  /** Starts one again that ended or was killed, as it was. */
  async restart(name: string): Promise<RecordedProcess> {
    const recorded = this.recorded.get(name);
    if (recorded === undefined) {
      throw new OperationFailure("missing", `${name} was never started`);
    }
    return this.start(recorded);
  }

  /** Resolves once the process has ended. @throws OperationFailure at the deadline */
  async ended(name: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.isRunning(name)) {
      if (Date.now() > deadline) {
        throw new OperationFailure("timeout", `${name} had not ended after ${timeoutMs} ms`);
      }
      await pause(20);
    }
  }

  /** Polls until the condition holds. @throws OperationFailure when the process ends first, or at the deadline */
  async ready(name: string, condition: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition().catch(() => false))) {
      const { logFile = "" } = this.recorded.get(name) ?? {};
      if (!this.isRunning(name)) {
        throw new OperationFailure(
          "verification",
          `${name} has ended; the end of ${logFile}:\n${tail(logFile)}`,
        );
      }
      if (Date.now() > deadline) {
        throw new OperationFailure(
          "timeout",
          `${name} was not ready after ${timeoutMs} ms; the end of ${logFile}:\n${tail(logFile)}`,
        );
      }
      await pause(25);
    }
  }

  /** Names of those of which anything runs. */
  running(): string[] {
    return this.all()
      .filter((recorded) => this.runs(recorded))
      .map(({ name }) => name);
  }

  /** Ends all. @returns names of those that ran */
  async stopAll(graceMs = 5000): Promise<string[]> {
    const running = this.running();
    await Promise.all(running.map((name) => this.stop(name, graceMs)));
    this.guard?.stdin?.end("ended\n");
    return running;
  }

  forget(name: string): void {
    this.recorded.delete(name);
    this.save();
  }

  private runs({ pid, name }: RecordedProcess): boolean {
    return (
      this.isRunning(name) || (identityOf(pid) === undefined && orphansOf(pid, this.directory).length > 0)
    );
  }

  private save(): void {
    write(join(this.directory, "processes.json"), `${JSON.stringify(this.all(), null, 2)}\n`);
    if (!this.keep) {
      write(
        join(this.directory, "groups"),
        this.all()
          .map(({ pid }) => `${pid}\n`)
          .join(""),
      );
    }
  }
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** Nothing that leads a process of a mesh to another Consul, or through a proxy. */
function quiet(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(CONSUL_|VAULT_|NOMAD_|PYTHON)/.test(name) && !/proxy$/i.test(name),
    ),
  );
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * A shell that kills the groups in a file when the pipe from this process closes without a word: no exit handler runs
 * when a process is killed.
 */
function startGuard(file: string): ChildProcess {
  const script =
    'trap "" INT TERM HUP; read -r word || while read -r pid; do kill -s KILL -- "-$pid"; done < "$0"';
  const shell = spawn("sh", ["-c", script, file], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  shell.unref();
  shell.stdin?.on("error", () => undefined);
  (shell.stdin as unknown as { unref(): void }).unref();
  return shell;
}
