import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A backend of Terraform's kind `http` on loopback, with one state and its lock. */
export class StateServer {
  /** As Terraform has written it. */
  state: string | undefined;
  /** What the holder has said of itself. */
  lock: string | undefined;
  /** Answers writes with 403. */
  refusesWrites = false;

  static async start(): Promise<StateServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new StateServer(server);
  }

  private constructor(private readonly server: Server) {
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const [code, text] = this.answer(request.method ?? "", Buffer.concat(chunks).toString());
        response.writeHead(code).end(text);
      });
    });
  }

  /** The block `terraform` of code that keeps its state here. */
  get backend() {
    const address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/state`;
    return { backend: { http: { address, lock_address: address, unlock_address: address } } };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(method: string, body: string): [number, string] {
    switch (method) {
      case "GET":
        return this.state === undefined ? [404, ""] : [200, this.state];
      case "LOCK":
        if (this.lock !== undefined) return [423, this.lock];
        this.lock = body;
        return [200, ""];
      case "UNLOCK":
        this.lock = undefined;
        return [200, ""];
      default:
        if (this.refusesWrites) return [403, ""];
        this.state = body;
        return [200, ""];
    }
  }
}
