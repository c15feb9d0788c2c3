import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OperationFailure, type FailureKind } from "../../failure";
import type { DialSnapshot } from "../status";
import { act, actionNames, type ActionContext, type ActionName, type DialActions } from "./actions";
import { foreign, hasToken } from "./admission";
import { assets, SECURITY_HEADERS } from "./assets";
import { jsonBody, RequestRefused } from "./body";
import { Feed } from "./feed";
import { Streams } from "./streams";

export interface DialPageOptions {
  readonly environment: string;
  /** Whether each change asks for the environment's name typed. */
  readonly confirms: boolean;
  /** Who acts, for the audit log. */
  readonly by: string;
  /** Looks at the dial; rejects when that cannot be done. */
  readonly observe: () => Promise<DialSnapshot>;
  readonly actions: DialActions;
  /** @default any that is free */
  readonly port?: number;
  /** Between two looks. @default 1000 */
  readonly pollMs?: number;
}

/** The page of the dial, on 127.0.0.1. */
export class DialPage {
  /**
   * Starts to look and to answer.
   * @throws OperationFailure conflict, when the port is taken
   */
  static async start(options: DialPageOptions): Promise<DialPage> {
    const page = new DialPage(options);
    await page.listen(options.port ?? 0);
    page.feed.start();
    return page;
  }

  /** 256 bits. Whoever has it may move traffic, as long as this process lives. */
  readonly token = randomBytes(32).toString("base64url");
  private readonly server: Server;
  private readonly feed: Feed;
  private readonly streams: Streams;
  private readonly files = assets();
  private readonly ending = new AbortController();
  private readonly acting = new Set<Promise<unknown>>();

  private constructor(private readonly options: DialPageOptions) {
    this.feed = new Feed(options.observe, options.pollMs);
    const { environment, confirms, by } = options;
    this.streams = new Streams(this.feed, { environment, confirms, by });
    this.server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
      void this.answer(request, response);
    });
    // Browsers use six connections, and one more for each page that listens.
    this.server.maxConnections = 100;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** With the token behind `#`: browsers send that part to nobody. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/#${this.token}`;
  }

  /** Ends all that is under way in order, and then the server. */
  async close(): Promise<void> {
    this.ending.abort();
    await Promise.allSettled(this.acting);
    await this.feed.stop();
    this.streams.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = new OperationFailure("conflict", `port ${port} is taken`, "name another by --port");
        reject(error.code === "EADDRINUSE" ? taken : error);
      });
      this.server.listen(port, "127.0.0.1", resolve);
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    try {
      const refused = foreign(request, this.port);
      if (refused !== undefined) throw new RequestRefused(403, refused);
      await this.route(request, response);
    } catch (error) {
      const { status, ...document } = reported(error as Error);
      // What is left of a body that was not read would be taken for the next request.
      if (!request.complete) response.setHeader("Connection", "close");
      send(response, status, document);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const file = this.files.get(path);
    if (file !== undefined) {
      allow(request, response, "GET", "HEAD");
      response.writeHead(200, { "Content-Type": file.type, "Content-Length": file.bytes.length });
      response.end(file.bytes);
      return;
    }
    if (!hasToken(request, this.token)) {
      response.setHeader("WWW-Authenticate", "Bearer");
      throw new RequestRefused(401, "the token is missing or wrong");
    }
    if (path === "/api/events") {
      allow(request, response, "GET");
      this.streams.add(response);
      return;
    }
    const name = actionNames.find((one) => path === `/api/actions/${one}`);
    if (name === undefined) throw new RequestRefused(404, "there is nothing here");
    allow(request, response, "POST");
    send(response, 200, { ok: true, ...(await this.act(name, await jsonBody(request))) });
  }

  /** An action goes on when the browser goes away: half of one would help nobody. */
  private async act(name: ActionName, body: unknown) {
    const { environment, confirms, by, actions } = this.options;
    const context: ActionContext = { environment, confirms, by, signal: this.ending.signal };
    const done = act(actions, name, body, context);
    this.acting.add(done);
    return done.finally(() => this.acting.delete(done));
  }
}

function allow(request: IncomingMessage, response: ServerResponse, ...methods: readonly string[]): void {
  if (methods.includes(request.method ?? "")) return;
  response.setHeader("Allow", methods.join(", "));
  throw new RequestRefused(405, `this answers ${methods.join(" and ")} alone`);
}

const statusOf: Readonly<Record<FailureKind, number>> = {
  ...{ invalid: 400, missing: 422, refused: 422, conflict: 409, verification: 422, denied: 403 },
  ...{ timeout: 504, unreachable: 502, restored: 422, unrestored: 500, interrupted: 503 },
};

function reported(error: Error): {
  status: number;
  ok: false;
  code: string;
  message: string;
  hint: string | null;
} {
  if (error instanceof OperationFailure) {
    const { kind, message, hint = null } = error;
    return { status: statusOf[kind], ok: false, code: kind, message, hint };
  }
  if (error instanceof RequestRefused) {
    return { status: error.status, ok: false, code: "request", message: error.message, hint: null };
  }
  return { status: 500, ok: false, code: "bug", message: `this is a bug: ${error.message}`, hint: null };
}

function send(response: ServerResponse, status: number, document: object): void {
  const text = JSON.stringify(document);
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}
