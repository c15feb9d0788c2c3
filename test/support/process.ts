import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves when what is waited for holds; rejects with the reason while it does not. */
export type Condition<T = unknown> = () => Promise<T>;

export interface WaitOptions {
  /** @default 30000 */
  readonly timeoutMs?: number;
  /** @default 50 */
  readonly pollMs?: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
}

export interface ProcessOptions {
  /** How errors call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Gets standard output and standard error, appended. */
  readonly logFile: string;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

const LOG_LINES = 20;

/** A child process that ends with this one, however this one ends. */
export class ManagedProcess {
  /** Starts it; rejects when there is no such command. `ready` tells when it serves. */
  static async start(options: ProcessOptions): Promise<ManagedProcess> {
    const log = openSync(options.logFile, "a");
    try {
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: ["ignore", log, log],
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (error) => reject(new Error(`${options.name} did not start: ${error.message}`)));
      });
      return new ManagedProcess(options, child);
    } finally {
      closeSync(log);
    }
  }

  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, to how it ended. */
  readonly ended: Promise<string>;
  private how: string | undefined;

  private constructor(
    options: ProcessOptions,
    private readonly child: ChildProcess,
  ) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.pid = child.pid!;
    const release = guard(this.pid);
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        release();
        this.how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
        resolve(this.how);
      });
    });
  }

  get running(): boolean {
    return this.how === undefined;
  }

  /** Polls the condition, and rejects with the end of the log when the process ends or the deadline passes first. */
  async ready<T>(condition: Condition<T>, options: Omit<WaitOptions, "signal"> = {}): Promise<T> {
    const stop = new AbortController();
    const death = this.ended.then((how) => {
      throw new Error(`it ${how}`);
    });
    try {
      return await Promise.race([
        waitUntil("it is ready", condition, { ...options, signal: stop.signal }),
        death,
      ]);
    } catch (error) {
      throw new Error(`${this.name}: ${reason(error)}; the end of its log:\n${this.lastLines()}`);
    } finally {
      stop.abort();
    }
  }

  /** SIGTERM, then SIGKILL after the grace period. Resolves when it has ended. */
  async stop(graceMs = 10_000): Promise<void> {
    if (!this.running) return;
    this.child.kill("SIGTERM");
    const patience = new AbortController();
    const ended = this.ended.finally(() => patience.abort());
    await Promise.race([
      ended,
      sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    if (this.running) this.child.kill("SIGKILL");
    await ended;
  }

  lastLines(count = LOG_LINES): string {
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  }
}

/** Polls until the condition resolves, and gives what it resolves to. Rejects with its last reason at the deadline. */
export async function waitUntil<T>(
  what: string,
  condition: Condition<T>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 30_000, pollMs = 50, signal } = options;
  const started = performance.now();
  let last: unknown = "no answer";
  for (;;) {
    const left = timeoutMs - (performance.now() - started);
    if (left <= 0) break;
    try {
      return await within(left, condition);
    } catch (error) {
      // An attempt that the deadline cuts short has nothing to say.
      if (error !== cutShort) last = error;
    }
    await sleep(pollMs, undefined, { signal });
  }
  throw new Error(`gave up after ${timeoutMs / 1000} s of waiting until ${what}: ${reason(last)}`);
}

const cutShort = new Error("cut short");

async function within<T>(ms: number, condition: Condition<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(cutShort));
  try {
    return await Promise.race([condition(), late]);
  } finally {
    timer.abort();
  }
}

export interface HttpOptions {
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of a GET that is answered with 200; rejects otherwise. As a condition: `() => httpGet(url)`. */
export function httpGet(url: string, options: HttpOptions = {}): Promise<string> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false, timeout: 5_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`GET ${url}: ${response.statusCode} ${body.slice(0, 500)}`));
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`GET ${url}: no answer for 5 s`)));
    sent.on("error", reject);
    sent.end();
  });
}

/**
 * A shell that kills the process when the pipe from this process closes without a word. An exit handler would not do:
 * none runs when a test worker is killed, and Jest gives tests a copy of `process` whose handlers never run.
 */
function guard(pid: number): () => void {
  const script = 'trap "" INT TERM HUP; read -r word || kill -KILL "$0"';
  const shell = spawn("sh", ["-c", script, String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const pipe = shell.stdin;
  // Neither keeps this process from ending.
  shell.unref();
  (pipe as unknown as { unref(): void }).unref();
  pipe.on("error", () => undefined);
  return () => pipe.end("ended\n");
}

// Not `instanceof Error`: under Jest, errors of node's own modules come from another realm.
function reason(error: unknown): string {
  return (error as Partial<Error> | undefined)?.message ?? String(error);
}
