import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A store of artefacts on loopback: files by path, written once. Tests put answers of their own in front of it. */
export class FakeStore {
  readonly files = new Map<string, Buffer>();
  readonly asked: Asked[] = [];
  /** Answers instead of the store; undefined lets it answer. */
  instead: Answer | undefined;

  static async start(): Promise<FakeStore> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeStore(server);
  }

  private constructor(private readonly server: Server) {
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.asked.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers });
        (this.instead ?? this.answer)(request, response, Buffer.concat(chunks));
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/skyline`;
  }

  readonly answer: Answer = ({ method, url = "", headers }, response, body) => {
    const there = this.files.get(url);
    if (method === "PUT" && there !== undefined && headers["if-none-match"] === "*") {
      response.writeHead(412).end();
    } else if (method === "PUT") {
      this.files.set(url, body);
      response.writeHead(201).end();
    } else if (there === undefined) {
      response.writeHead(404).end("nothing here");
    } else {
      response.writeHead(200).end(there);
    }
  };

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
