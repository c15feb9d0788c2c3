import { createSocket, type Socket } from "node:dgram";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Resolver } from "node:dns/promises";
import { freePort } from "../../operations/ports";
import { binaryOf, goTool } from "./go-tool";
import { decodeQuestion, encodeAnswer } from "./netns-dns";
import { ManagedProcess, httpGet } from "./process";

/** Where a Corefile for a pod and one for this machine differ: each of these is to be there exactly once. */
type Replacements = Readonly<Record<string, string>>;

/** The real CoreDNS on loopback, with a Corefile of the cluster and a resolver behind it that answers one name. */
export class CoreDns {
  static async start(corefile: string, kubeconfig: string, directory: string): Promise<CoreDns> {
    const upstream = await Upstream.start();
    const [port, health, ready, metrics] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    const local = replace(corefile, {
      ".:53 {": `.:${port} {\n    bind 127.0.0.1`,
      "    health {": `    health 127.0.0.1:${health} {`,
      "    ready\n": `    ready 127.0.0.1:${ready}\n`,
      "    prometheus :9153": `    prometheus 127.0.0.1:${metrics}`,
      "in-addr.arpa ip6.arpa {": `in-addr.arpa ip6.arpa {\n        kubeconfig ${kubeconfig}`,
      "forward . /etc/resolv.conf": `forward . 127.0.0.1:${upstream.port}`,
    });
    const file = join(directory, "Corefile");
    await writeFile(file, local);
    const process = await ManagedProcess.start({
      name: "coredns",
      command: binaryOf(await goTool("coredns")),
      args: ["-conf", file],
      logFile: join(directory, "coredns.log"),
    });
    const dns = new CoreDns(process, port, upstream);
    await process.ready(async () => {
      await httpGet(`http://127.0.0.1:${ready}/ready`);
      // CoreDNS says that it is ready before it listens for questions.
      await dns.resolver.resolve4("kubernetes.default.svc.cluster.local");
    });
    return dns;
  }

  private constructor(
    readonly process: ManagedProcess,
    private readonly port: number,
    private readonly upstream: Upstream,
  ) {}

  get resolver(): Resolver {
    const resolver = new Resolver({ timeout: 5_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.port}`]);
    return resolver;
  }

  /** Names that the resolver behind it was asked for. */
  get forwarded(): readonly string[] {
    return this.upstream.asked;
  }

  /** The code with which a zone's transfer is answered, 5 for refused. */
  transfer(zone: string): Promise<number> {
    const labels = zone
      .split(".")
      .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
    const header = Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const AXFR = 252;
    const query = Buffer.concat([header, ...labels, Buffer.from([0, 0, AXFR, 0, 1])]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: "127.0.0.1", timeout: 5_000 }, () =>
        socket.write(Buffer.concat([length, query])),
      );
      socket.once("data", (answer: Buffer) => {
        socket.destroy();
        resolve(answer.readUInt16BE(4) & 0xf);
      });
      socket.on("timeout", () => socket.destroy(new Error("no answer for 5 s")));
      socket.on("error", reject);
    });
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.upstream.stop();
  }
}

/** A name that the resolver behind CoreDNS knows; it knows no other. */
export const OUTSIDE = { name: "sdb.example.internal", address: "10.0.0.7" };

/** The VPC's resolver. */
class Upstream {
  static async start(): Promise<Upstream> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return new Upstream(socket);
  }

  readonly asked: string[] = [];

  private constructor(private readonly socket: Socket) {
    socket.on("message", (message, from) => {
      const question = decodeQuestion(message);
      if (question === undefined) return;
      this.asked.push(question.name);
      const address = question.name === OUTSIDE.name ? OUTSIDE.address : undefined;
      socket.send(encodeAnswer(message, question, address), from.port, from.address);
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  stop(): void {
    this.socket.close();
  }
}

function replace(text: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce((changed, [from, to]) => {
    const parts = changed.split(from);
    if (parts.length !== 2)
      throw new Error(`the Corefile has ${parts.length - 1} times ${JSON.stringify(from)}`);
    return parts.join(to);
  }, text);
}
