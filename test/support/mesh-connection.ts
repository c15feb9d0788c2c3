import { type Socket, connect } from "node:net";

/**
 * How far a request was when it failed: no connection was made; the connection was closed before anything was sent; it was
 * sent and no byte of an answer came; the answer came in part.
 */
export type Phase = "connect" | "idle" | "sent" | "answer";

export class RequestFailure extends Error {
  constructor(
    readonly phase: Phase,
    message: string,
  ) {
    super(message);
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (failure: RequestFailure) => void;
}

/**
 * One keep-alive connection of a client that knows nothing better: it sends its next request on the connection that it has,
 * whatever became of that meanwhile, and repeats nothing. A server that closes a connection without having said
 * `Connection: close` before fails a request here, always.
 *
 * Made of a plain socket and not of node's http.Agent, which drops a connection from its pool when it happens to see the
 * FIN in time: whether a request fails is then a race in the client, and a fault of the server is seen now and then only.
 */
export class KeptConnection {
  private received: Buffer = Buffer.alloc(0);
  private waiting: Waiting | undefined;
  private closed: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  static open({ address, port }: Endpoint, timeoutMs: number): Promise<KeptConnection> {
    return new Promise((resolve, reject) => {
      // Half open: an end of the server's half is noted, and does not end this one's.
      const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
      const late = setTimeout(() => fail(new Error(`no connection in ${timeoutMs} ms`)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(late);
        socket.destroy();
        reject(new RequestFailure("connect", error.message));
      };
      socket.once("error", fail);
      socket.once("connect", () => {
        clearTimeout(late);
        socket.off("error", fail);
        resolve(new KeptConnection(socket));
      });
    });
  }

  private constructor(private readonly socket: Socket) {
    socket.on("data", (bytes: Buffer) => this.take(bytes));
    socket.on("end", () => this.end("the server closed the connection"));
    socket.on("error", (error: Error) => this.end(error.message));
    socket.on("close", () => this.end("the connection was closed"));
  }

  /** Sends the bytes of one request. Rejects with a {@link RequestFailure}. */
  async send(bytes: Buffer, timeoutMs: number): Promise<Reply> {
    if (this.closed !== undefined) throw new RequestFailure("idle", this.closed);
    if (this.received.length > 0)
      throw new RequestFailure("idle", `unasked: ${this.received.toString("latin1")}`);
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.waiting = { resolve, reject };
        this.timer = setTimeout(() => this.fail(`no answer in ${timeoutMs} ms`), timeoutMs);
        this.socket.write(bytes);
      });
    } finally {
      this.waiting = undefined;
      clearTimeout(this.timer);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.received = this.received.length === 0 ? bytes : Buffer.concat([this.received, bytes]);
    this.answer(false);
  }

  private answer(ended: boolean): void {
    if (this.waiting === undefined) return;
    let read: { readonly reply: Reply; readonly length: number } | undefined;
    try {
      read = readReply(this.received, ended);
    } catch (error) {
      return this.fail((error as Error).message);
    }
    if (read === undefined) return;
    this.received = this.received.subarray(read.length);
    this.waiting.resolve(read.reply);
    this.waiting = undefined;
  }

  private end(how: string): void {
    this.closed ??= how;
    this.answer(true);
    this.fail(how);
  }

  private fail(message: string): void {
    this.waiting?.reject(new RequestFailure(this.received.length > 0 ? "answer" : "sent", message));
    this.waiting = undefined;
  }
}

/** The first reply in these bytes, undefined while it is not whole. @throws Error when it is none */
function readReply(bytes: Buffer, ended: boolean): { reply: Reply; length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(first)?.[1]);
  if (!(status >= 200)) throw new Error(`this is no reply: ${first}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const start = headEnd + 4;
  const reply = (body: Buffer, length: number) => ({ reply: { status, headers, body }, length });
  if (status === 204 || status === 304) return reply(Buffer.alloc(0), start);
  if (/chunked/i.test(headers["transfer-encoding"] ?? "")) {
    const chunks = readChunks(bytes, start);
    return chunks && reply(Buffer.concat(chunks.parts), chunks.length);
  }
  const length = headers["content-length"];
  if (length === undefined) return ended ? reply(bytes.subarray(start), bytes.length) : undefined;
  const until = start + Number(length);
  return bytes.length < until ? undefined : reply(bytes.subarray(start, until), until);
}

function readChunks(bytes: Buffer, start: number): { parts: Buffer[]; length: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (!(size >= 0)) throw new Error(`this is no chunk: ${bytes.toString("latin1", at, line)}`);
    const until = line + 2 + size;
    if (bytes.length < until + 2) return undefined;
    if (size === 0) return { parts, length: until + 2 };
    parts.push(bytes.subarray(line + 2, until));
    at = until + 2;
  }
}
