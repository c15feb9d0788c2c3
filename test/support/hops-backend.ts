import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface BackendRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  /** Bytes of the body. */
  readonly bytes: number;
}

/** Answers a request whose body has come; without one, the answer is 200 and the backend's name. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An application behind a last hop: counts and remembers what comes. */
export class Backend {
  static async start(name: string, address: string, port: number, handler?: Handler): Promise<Backend> {
    const backend = new Backend(name, address, handler);
    await new Promise<void>((resolve, reject) => {
      backend.server.once("error", reject).listen({ host: address, port }, resolve);
    });
    return backend;
  }

  readonly requests: BackendRequest[] = [];
  /** Requests that were begun, whether their bodies came or not. */
  begun = 0;
  /** What came that is no HTTP. */
  readonly malformed: string[] = [];
  readonly server: Server;

  private constructor(
    readonly name: string,
    readonly address: string,
    public handler?: Handler,
  ) {
    this.server = createServer((request, response) => this.take(request, response));
    this.server.keepAliveTimeout = 60_000;
    this.server.on("clientError", (error: Error & { rawPacket?: Buffer }, socket) => {
      // A client that goes is none of these.
      if (error.rawPacket !== undefined) this.malformed.push(error.rawPacket.toString("latin1"));
      socket.destroy();
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  forget(): void {
    this.requests.length = 0;
    this.malformed.length = 0;
    this.begun = 0;
  }

  /** Ends as a killed process does: what is open is reset, and nobody listens any more. */
  async kill(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.begun += 1;
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("error", () => undefined);
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = request;
      this.requests.push({ method, target: url, headers, rawHeaders, bytes });
      if (this.handler !== undefined) this.handler(request, response);
      else response.end(JSON.stringify({ name: this.name, bytes }));
    });
  }
}
