import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "node:https";
import type { ApiClient } from "./boot-client";

/** What became of one request; times are of Date.now(). */
export interface Outcome {
  readonly started: number;
  readonly ended: number;
  /** Undefined: an answer came, and it was the one that was wanted. */
  readonly failure?: string;
  /** Of a write, what it made. */
  readonly name?: string;
}

export interface LoadOptions {
  readonly client: ApiClient;
  readonly token: string;
  /** Clients at once, each with one request after another. */
  readonly workers: number;
  /** Keep connections open, as kubectl's and controllers' clients do. Otherwise each request has its own. */
  readonly keepConnections?: boolean;
  /** How long a client waits for an answer. */
  readonly timeoutMs: number;
}

/** A steady load on the API until it is stopped, which remembers what became of each request. */
export class Load {
  /** Each request makes a ConfigMap of its own name. */
  static writing(options: LoadOptions): Load {
    let number = 0;
    return new Load(options, async (agent) => {
      const name = `write-${number++}`;
      const { status, body } = await options.client.send("/api/v1/namespaces/default/configmaps", {
        ...{ method: "POST", token: options.token, agent, timeoutMs: options.timeoutMs },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { name } },
      });
      return { name, failure: status === 201 ? undefined : `${status} ${body.slice(0, 200)}` };
    });
  }

  /** Each request reads a namespace, which the API server asks etcd for. */
  static reading(options: LoadOptions): Load {
    return new Load(options, async (agent) => {
      const { token, timeoutMs } = options;
      const { status, body } = await options.client.send("/api/v1/namespaces/default", {
        token,
        agent,
        timeoutMs,
      });
      return { failure: status === 200 ? undefined : `${status} ${body.slice(0, 200)}` };
    });
  }

  readonly outcomes: Outcome[] = [];
  private readonly workers: Promise<void>[];
  private stopped = false;

  private constructor(
    { workers, keepConnections }: LoadOptions,
    private readonly request: (agent?: Agent) => Promise<{ name?: string; failure?: string }>,
  ) {
    this.workers = Array.from({ length: workers }, () =>
      this.work(keepConnections ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined),
    );
  }

  get succeeded(): readonly Outcome[] {
    return this.outcomes.filter(({ failure }) => failure === undefined);
  }

  get failed(): readonly Outcome[] {
    return this.outcomes.filter(({ failure }) => failure !== undefined);
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.workers);
  }

  private async work(agent: Agent | undefined): Promise<void> {
    while (!this.stopped) {
      const started = Date.now();
      const result = await this.request(agent).catch((error: Error) => ({ failure: error.message }));
      this.outcomes.push({ started, ended: Date.now(), ...result });
      // A pace, so that the load is the same whatever the answers are.
      await sleep(PACE_MS);
    }
    agent?.destroy();
  }
}

const PACE_MS = 25;
