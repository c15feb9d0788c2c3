import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { registry, type RegistryEntry } from "../../environment/naming";

interface Question {
  readonly Name?: string;
  readonly Path?: string;
}

/**
 * Answers what a refresh asks Systems Manager, for any environment: it has one cluster, alpha, which is active. Answers
 * can be held back until so many processes wait for one, which then all have it in the same moment.
 */
export class HeldRegistries {
  static async start(): Promise<HeldRegistries> {
    const registries = new HeldRegistries();
    await new Promise<void>((resolve) => registries.server.listen(0, "127.0.0.1", resolve));
    return registries;
  }

  private awaited = 0;
  /** By environment: a client that asks again is one still. */
  private readonly held = new Map<string, () => void>();
  private everyoneAsked: () => void = () => undefined;

  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
      const { Name, Path = "" } = JSON.parse(Buffer.concat(chunks).toString()) as Question;
      const path = Name ?? Path;
      const answer = () =>
        response
          .writeHead(200, { "content-type": "application/x-amz-json-1.1" })
          .end(JSON.stringify(answerOf(operation, path)));
      // Each process asks this once; its other question is answered at once.
      if (operation === "GetParameter" && this.awaited > 0) {
        this.hold(path, answer);
      } else {
        answer();
      }
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Holds answers until so many wait for one. Resolves when they have it. */
  holdUntil(processes: number): Promise<void> {
    this.awaited = processes;
    return new Promise((resolve) => (this.everyoneAsked = resolve));
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private hold(path: string, answer: () => void): void {
    this.held.set(path, answer);
    if (this.held.size === this.awaited) {
      this.awaited = 0;
      this.held.forEach((each) => each());
      this.held.clear();
      this.everyoneAsked();
    }
  }
}

function answerOf(operation: string, path: string): object {
  const environment = path.split("/")[2] ?? "";
  if (operation === "GetParameter") {
    return { Parameter: { Name: path, Value: "alpha", Version: 1 } };
  }
  const entry: RegistryEntry = {
    ...{ name: "alpha", kind: "self-managed", endpoint: `https://alpha.${environment}.example.com` },
    ...{ ca: "QUJD", version: "1.35", deployer: "arn:aws:iam::111111111111:role/atlantis" },
  };
  return { Parameters: [{ Name: registry.cluster(environment, entry.name), Value: JSON.stringify(entry) }] };
}
