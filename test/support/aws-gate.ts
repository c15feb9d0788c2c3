import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A request to AWS on its way through the gate. */
export interface GateRequest {
  /** `secretsmanager.CreateSecret` */
  readonly operation: string;
  readonly body: string;
}

/** Whether a request or its answer goes on; one that does not is left without an answer. */
export type Pass = (request: GateRequest) => boolean;

/**
 * Stands before an emulated AWS and lets one request through at a time: AWS creates a secret of a name once, whoever
 * asks at the same time, and the emulator, which looks and then writes in threads, might do so twice. A test can stop
 * any request before AWS sees it, or its answer before the client does.
 */
export class AwsGate {
  static async open(target: string): Promise<AwsGate> {
    const gate = new AwsGate(new URL(target));
    await new Promise<void>((resolve) => gate.server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  /** Operations that went through, in order. */
  readonly operations: string[] = [];
  passRequest: Pass = () => true;
  passAnswer: Pass = () => true;
  /** Lets a request wait before it takes its place in the line. */
  hold: (request: GateRequest) => Promise<void> | undefined = () => undefined;

  private readonly server: Server;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly target: URL) {
    this.server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const asked = { operation: String(incoming.headers["x-amz-target"] ?? ""), body: body.toString() };
        const forward = async () => {
          if (!this.passRequest(asked)) {
            return void incoming.socket.destroy();
          }
          const { status, type, answer } = await this.forward(incoming, body);
          this.operations.push(asked.operation);
          if (!this.passAnswer(asked)) {
            return void incoming.socket.destroy();
          }
          outgoing.writeHead(status, { "content-type": type }).end(answer);
        };
        void Promise.resolve(this.hold(asked)).then(() => {
          this.last = this.last.then(forward, forward);
        });
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private forward(
    { method, url, headers }: { method?: string; url?: string; headers: NodeJS.Dict<string | string[]> },
    body: Buffer,
  ): Promise<{ status: number; type: string; answer: Buffer }> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.target;
      const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 500,
            type: answer.headers["content-type"] ?? "",
            answer: Buffer.concat(chunks),
          }),
        );
      });
      onward.on("error", reject);
      onward.end(body);
    });
  }
}
