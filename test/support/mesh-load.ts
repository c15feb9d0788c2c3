import { setTimeout as sleep } from "node:timers/promises";
import { type Endpoint, KeptConnection, type Phase, type Reply, RequestFailure } from "./mesh-connection";
import { tableOf } from "./mesh-report";

export type Method = "GET" | "POST" | "PUT";

/** What became of one request; times are of Date.now(). */
export interface Outcome {
  readonly caller: string;
  readonly id: string;
  readonly method: Method;
  readonly started: number;
  readonly ended: number;
  /** Which request of its connection it was, from 1. */
  readonly nth: number;
  /** What answered, as `mesos v1`; or the status of an answer that no service gave. Empty: nothing did. */
  readonly answeredBy: string;
  /** Undefined: the service answered, and what it was to answer. */
  readonly failure?: string;
  /** Of a failure for which no answer came, how far the request was. */
  readonly phase?: Phase;
}

export interface LoadOptions {
  /** Who calls: it begins the ids of the requests, and names the caller in reports. */
  readonly caller: string;
  /** Asked for each new connection; the number is the connection's. */
  readonly endpoint: (connection: number) => Endpoint | Promise<Endpoint>;
  /** Which name is called; what another answers is a failure. */
  readonly service: string;
  /** @default `/service/<service>/load` */
  readonly path?: string;
  /** What the service sees as its path. @default "/load" */
  readonly seenPath?: string;
  /** @default `mesh` */
  readonly host?: string;
  /** Connections at once, each with one request after another. */
  readonly connections: number;
  /** In turn on each connection. @default GET and POST */
  readonly methods?: readonly Method[];
  /** Between two requests of a connection. @default 0 */
  readonly pauseMs?: number;
  /** Said with `Connection: close` on the last of them, as clients do that bound a connection's life. @default no bound */
  readonly requestsPerConnection?: number;
  /** @default 15 s */
  readonly timeoutMs?: number;
  /** Further lines of each request's head. */
  readonly headers?: Readonly<Record<string, string>>;
}

const BODIES = [16, 700, 5_000].map((length) => "b".repeat(length));

/** A steady load until it is stopped, which repeats nothing and remembers what became of each request. */
export class Load {
  static start(options: LoadOptions): Load {
    return new Load(options);
  }

  readonly outcomes: Outcome[] = [];
  private readonly connections: Promise<void>[];
  /** Requests that have ended, by connection. */
  private readonly counts: number[];
  private stopped = false;

  private constructor(private readonly options: LoadOptions) {
    this.counts = Array.from({ length: options.connections }, () => 0);
    this.connections = Array.from({ length: options.connections }, (_, index) => this.work(index));
  }

  get failed(): readonly Outcome[] {
    return this.outcomes.filter(({ failure }) => failure !== undefined);
  }

  /** Who answered, from that moment on: a list without repetition. */
  answeredBy(since = 0): readonly string[] {
    const seen = this.outcomes.filter(({ started }) => started >= since);
    return [...new Set(seen.map(({ answeredBy }) => answeredBy))].sort();
  }

  /** Waits for so many further requests to end. */
  async requests(count: number): Promise<void> {
    const wanted = this.outcomes.length + count;
    while (this.outcomes.length < wanted && !this.stopped) await sleep(20);
  }

  /**
   * Waits until each connection has ended so many further requests. The first after a change may still meet what was
   * before it: a worker that is shutting down answers one more on each connection that was kept with it.
   */
  async ofEach(count: number): Promise<void> {
    const wanted = this.counts.map((ended) => ended + count);
    while (!this.stopped && this.counts.some((ended, index) => ended < (wanted[index] as number)))
      await sleep(20);
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<this> {
    this.stopped = true;
    await Promise.all(this.connections);
    return this;
  }

  private async work(index: number): Promise<void> {
    const { methods = ["GET", "POST"], pauseMs = 0, requestsPerConnection = Infinity } = this.options;
    let connection: KeptConnection | undefined;
    let nth = 0;
    for (let number = 0; !this.stopped; number++) {
      const id = `${this.options.caller}-${this.options.service}-${index}-${number}`;
      const method = methods[number % methods.length] as Method;
      const last = ++nth >= requestsPerConnection;
      const started = Date.now();
      let how: Pick<Outcome, "answeredBy" | "failure" | "phase">;
      try {
        connection ??= await this.open(index);
        const body = method === "GET" ? "" : (BODIES[number % BODIES.length] as string);
        const reply = await connection.send(this.bytes(method, id, body, last), this.timeoutMs);
        how = this.judge(reply, method, id, body);
        if (last || reply.headers.connection?.toLowerCase() === "close") connection = close(connection);
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error;
        how = { answeredBy: "", failure: error.message, phase: error.phase };
        connection = close(connection);
      }
      this.outcomes.push({
        ...{ caller: this.options.caller, id, method, started, ended: Date.now(), nth },
        ...how,
      });
      this.counts[index]!++;
      if (connection === undefined) nth = 0;
      // A refused connection is refused again at once: no loop that takes the whole machine.
      await sleep(how.phase === "connect" ? Math.max(pauseMs, 20) : pauseMs);
    }
    close(connection);
  }

  private get timeoutMs(): number {
    return this.options.timeoutMs ?? 15_000;
  }

  private async open(index: number): Promise<KeptConnection> {
    return KeptConnection.open(await this.options.endpoint(index), this.timeoutMs);
  }

  private bytes(method: Method, id: string, body: string, last: boolean): Buffer {
    const { service, path = `/service/${service}/load`, host = "mesh", headers = {} } = this.options;
    const length = method === "GET" ? {} : { "Content-Length": String(body.length) };
    const fields = { Host: host, "X-Request-Id": id, ...headers, ...length };
    const lines = Object.entries(last ? { ...fields, Connection: "close" } : fields);
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`, "latin1");
  }

  /** An answer counts when it is the service's own, and to this very request. */
  private judge(reply: Reply, method: Method, id: string, body: string) {
    const text = reply.body.toString("utf8");
    if (reply.status !== 200) {
      return { answeredBy: String(reply.status), failure: `${reply.status} ${text.slice(0, 200)}` };
    }
    const { service, seenPath = "/load" } = this.options;
    const said = JSON.parse(text) as Said;
    // The kind of place: `mesos-2` is one of the nodes.
    const answeredBy = `${said.where.replace(/-\d+$/, "")} ${said.version}`;
    const wanted = JSON.stringify([service, method, seenPath, body.length, id]);
    const got = JSON.stringify([
      said.service,
      said.method,
      said.path,
      said.bytes,
      said.headers["x-request-id"],
    ]);
    return got === wanted
      ? { answeredBy }
      : { answeredBy, failure: `the answer is to ${got} instead of ${wanted}` };
  }
}

/** What the demo application says of a request. */
interface Said {
  readonly service: string;
  readonly version: string;
  readonly where: string;
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
}

function close(connection: KeptConnection | undefined): undefined {
  connection?.close();
  return undefined;
}

/**
 * Stops the loads and gives all that became of them. With a failure that is not among the allowed ones it throws what
 * failed, who answered when, and the failures by reason.
 */
export async function outcomesOf(
  loads: readonly Load[],
  allowed: (failed: Outcome) => boolean = () => false,
): Promise<readonly Outcome[]> {
  await Promise.all(loads.map((load) => load.stop()));
  const outcomes = loads.flatMap((load) => load.outcomes);
  const wrong = outcomes.filter((outcome) => outcome.failure !== undefined && !allowed(outcome));
  if (wrong.length > 0)
    throw new Error(`${wrong.length} of ${outcomes.length} requests failed\n${tableOf(outcomes, wrong)}`);
  return outcomes;
}
