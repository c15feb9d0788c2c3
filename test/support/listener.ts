import { createServer, type AddressInfo, type Server } from "node:net";

/** A socket that whoever steals something would send it to. It notes who connects, and what they send. */
export class Listener {
  /** All bytes that anybody has sent. */
  heard = "";
  connections = 0;

  static async start(): Promise<Listener> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Listener(server);
  }

  private constructor(private readonly server: Server) {
    server.on("connection", (socket) => {
      this.connections++;
      socket.setEncoding("utf8").on("data", (text: string) => (this.heard += text));
      socket.on("error", () => undefined);
      socket.end();
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  forget(): void {
    this.heard = "";
    this.connections = 0;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }
}
