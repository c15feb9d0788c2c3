import { Agent, request } from "node:http";
import { pause } from "../../processes";

/** A way into the mesh on which requests are sent for as long as something changes. */
export interface Way {
  /** `mesos-1` */
  readonly name: string;
  readonly url: string;
  readonly host?: string;
}

/** Who answered: `mesos v1`; or what came instead, `503`. */
export interface WayResult {
  readonly name: string;
  /** Who answered, in the order of their first answers. */
  readonly answeredBy: readonly string[];
  readonly requests: number;
  /** Those without an answer of an instance, once there had been one. */
  readonly failed: number;
}

/** Time between two requests of one way. */
const EVERY_MS = 25;
/** Requests of a connection: pools renew theirs, and only a new one is led by a Service to where it leads by then. */
const OF_A_CONNECTION = 20;

/** Sends GET and POST in turn on a kept connection until it is stopped, and tells when somebody else begins to answer. */
export class Probe {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private readonly seen: string[] = [];
  private requests = 0;
  private failed = 0;
  private answered = false;
  private going = true;
  private readonly done: Promise<void>;

  constructor(
    readonly way: Way,
    private readonly onChange: (way: string, answeredBy: string) => void,
  ) {
    this.done = this.run();
  }

  /** Resolves to what was seen, once the last request is answered. */
  async stop(): Promise<WayResult> {
    this.going = false;
    await this.done;
    this.agent.destroy();
    return { name: this.way.name, answeredBy: this.seen, requests: this.requests, failed: this.failed };
  }

  get last(): string | undefined {
    return this.current;
  }

  private current: string | undefined;

  private async run(): Promise<void> {
    while (this.going) {
      const method = this.requests % 2 === 0 ? "GET" : "POST";
      const answeredBy = await this.send(method).catch((error: Error) => `no answer (${error.message})`);
      this.requests++;
      const good = /^[a-z][-a-z0-9]* v\d/.test(answeredBy);
      this.answered ||= good;
      if (this.answered && !good) this.failed++;
      if (answeredBy !== this.current) {
        this.current = answeredBy;
        if (!this.seen.includes(answeredBy)) this.seen.push(answeredBy);
        this.onChange(this.way.name, answeredBy);
      }
      await pause(EVERY_MS);
    }
  }

  private send(method: string): Promise<string> {
    const { url, host } = this.way;
    const body = method === "POST" ? "skyline" : undefined;
    const headers = {
      ...(host === undefined ? {} : { Host: host }),
      ...(body === undefined ? {} : { "Content-Length": String(body.length) }),
      ...(this.requests % OF_A_CONNECTION === OF_A_CONNECTION - 1 ? { Connection: "close" } : {}),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, headers, agent: this.agent, timeout: 10_000 }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => resolve(who(response.statusCode ?? 0, text)));
      });
      sent.on("timeout", () => sent.destroy(new Error("nothing for 10 s")));
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

function who(status: number, text: string): string {
  if (status !== 200) return `${status} ${text.split("\n")[0]?.slice(0, 100)}`;
  try {
    const { where, version } = JSON.parse(text) as { where: string; version: string };
    return `${where} ${version}`;
  } catch {
    return "200, not from the demo service";
  }
}
