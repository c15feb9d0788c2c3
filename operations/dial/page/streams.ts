import type { ServerResponse } from "node:http";
import { RequestRefused } from "./body";
import type { Feed } from "./feed";
import type { HistoryPoint } from "./history";

/** What a page is told first. */
export interface Greeting {
  readonly environment: string;
  /** Whether each change asks for the environment's name typed. */
  readonly confirms: boolean;
  readonly by: string;
  readonly history: readonly HistoryPoint[];
}

/** Each open page has one. */
const MOST_STREAMS = 20;
/** A page that has not read so much is one that is suspended: it skips states rather than have them kept for it. */
const MOST_WAITING = 1024 * 1024;

/** Pages that listen, each by server-sent events: one `hello`, then a `state` a look. */
export class Streams {
  private readonly open = new Set<ServerResponse>();

  constructor(
    private readonly feed: Feed,
    private readonly greeting: Omit<Greeting, "history">,
  ) {}

  /** @throws RequestRefused when too many listen */
  add(response: ServerResponse): void {
    if (this.open.size >= MOST_STREAMS) {
      throw new RequestRefused(503, `${MOST_STREAMS} pages are open already`);
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const hello: Greeting = { ...this.greeting, history: this.feed.points };
    response.write(event("hello", hello));
    const stop = this.feed.listen((state) => {
      if (response.writableLength < MOST_WAITING) response.write(event("state", state));
    });
    this.open.add(response);
    response.on("close", () => {
      stop();
      this.open.delete(response);
    });
  }

  end(): void {
    for (const response of this.open) response.end();
  }
}

/** JSON has no line breaks, which would end an event. */
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
