import { ports } from "../../environment/naming";
import type { Answer, SeenRequest, World } from "./netns";
import type { NginxPod } from "./nginx-pod";
import { waitUntil } from "./process";

/** A line of the access log. */
export type LogLine = Readonly<Record<string, unknown>>;

export type Direction = "inbound" | "outbound";

/** Whoever calls a bridge, and looks at what comes of it. */
export class BridgeClient {
  constructor(
    private readonly world: World,
    private readonly pod: NginxPod,
  ) {}

  /** A request of the mesh to a service in Kubernetes. */
  inbound(path: string, headers: Readonly<Record<string, string>> = {}, more: object = {}): Promise<Answer> {
    return this.world.send(doors.inbound, { path, headers, ...more });
  }

  /** A request of a pod to a service in Mesos. */
  outbound(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.world.send(doors.outbound, { path, headers: { host: "organization", ...headers } });
  }

  /**
   * Sends a target and what comes after the first line, byte for byte.
   * @returns the status; 200 for an answer without one, of HTTP/0.9
   */
  async raw(
    direction: Direction,
    target: string,
    rest = "Host: organization\r\nConnection: close\r\n\r\n",
  ): Promise<number> {
    const answer = await this.rawAnswer(direction, `POST ${target} HTTP/1.1\r\n${rest}`);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 200);
  }

  rawAnswer(direction: Direction, bytes: string): Promise<string> {
    return this.world.sendRaw(doors[direction], bytes);
  }

  /** {@link raw} of many targets, eight at a time: each with its status. */
  async rawAll(direction: Direction, targets: readonly string[]): Promise<(readonly [string, number])[]> {
    const results: (readonly [string, number])[] = [];
    for (let at = 0; at < targets.length; at += 8) {
      const some = targets.slice(at, at + 8);
      const each = some.map(async (target) => [target, await this.raw(direction, target)] as const);
      results.push(...(await Promise.all(each)));
    }
    return results;
  }

  /** The one request that backends have seen since they were told to forget. @throws Error when there is not one */
  async theRequest(): Promise<SeenRequest & { readonly headers: Readonly<Record<string, string>> }> {
    const { requests, malformed } = await this.world.seen();
    const [request, ...more] = requests;
    if (request === undefined || more.length > 0 || malformed.length > 0) {
      throw new Error(`not one request was seen, but ${JSON.stringify({ requests, malformed })}`);
    }
    const pairs = request.rawHeaders.flatMap((name, at, all) =>
      at % 2 === 0 ? [[name.toLowerCase(), all[at + 1] ?? ""] as const] : [],
    );
    return { ...request, headers: Object.fromEntries(pairs) };
  }

  /** @throws Error when a line is no JSON */
  accessLog(): LogLine[] {
    return this.pod.log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** The last line about a target, which may come a moment after its answer. */
  logged(uri: string): Promise<LogLine> {
    return waitUntil(`${uri} is in the log`, async () => {
      const line = this.accessLog()
        .filter((entry) => entry.uri === uri)
        .at(-1);
      if (line === undefined) throw new Error("it is not yet");
      return line;
    });
  }
}

/** As nginx-bridge.ts names them. */
const doors: Readonly<Record<Direction, string>> = {
  inbound: `port-${ports.inbound}`,
  outbound: `port-${ports.outbound}`,
};
