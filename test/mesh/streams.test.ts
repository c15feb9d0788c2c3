import { type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { MeshWorld } from "../../operations/mesh/world";
import { freePort } from "../../operations/ports";
import {
  type Entrance,
  atGateway,
  atMesosNode,
  generations,
  load,
  nginxes,
  startMesh,
  stopLoads,
} from "../support/mesh-callers";
import { outcomesOf } from "../support/mesh-load";
import { nginxProcesses, peakWhile } from "../support/mesh-processes";
import { RawConnection, WebSocketClient } from "../support/mesh-raw";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

let mesh: MeshWorld;
let stop: () => Promise<void>;
let origin: Origin;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh());
  await mesh.startService({ name: "organization", on: { mesos: 1 } });
  origin = await Origin.start(mesh.mesosNode(1).address);
  await mesh.mesosNode(1).consul.register({
    ...{ name: "origin", id: "origin-1", address: origin.address, port: origin.port, tags: ["skyline"] },
  });
  await mesh.settled();
});
afterEach(stopLoads);
afterAll(async () => {
  await origin?.stop();
  await stop?.();
});

const entrances: readonly [string, (service: string) => Entrance][] = [
  ["a local proxy", (service) => atMesosNode(mesh, 0, service)],
  ["a gateway", (service) => atGateway(mesh, 0, service)],
];

const head = ({ host, path }: Entrance, method: string, target: string, ...fields: string[]) =>
  [`${method} ${path(target)} HTTP/1.1`, `Host: ${host}`, ...fields, "", ""].join("\r\n");

describe.each(entrances)("through %s", (_, at) => {
  test("clients that send a byte now and then are served, and hold up nobody else", async () => {
    const entrance = at("organization");
    const others = load("others", [entrance], { service: "organization", connections: 2, pauseMs: 5 });
    const slow = async () => {
      const raw = await RawConnection.open(entrance.endpoint);
      const text = `${head(entrance, "POST", "/slowly", "Content-Length: 20", "Connection: close")}${"b".repeat(20)}`;
      for (let index = 0; index < text.length; index += 4) {
        raw.write(text.slice(index, index + 4));
        await sleep(50);
      }
      await raw.until("the answer is whole", () => raw.ended);
      return raw.text;
    };
    const answers = await Promise.all(Array.from({ length: 20 }, slow));
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain('"bytes":20');
    }
    const outcomes = await outcomesOf([others]);
    expect(outcomes.filter(({ started, ended }) => ended - started > 1_000)).toEqual([]);
  });

  test("a client that reads slowly gets all of it, and no NGINX keeps it for it", async () => {
    const MEGABYTE = 1024 * 1024;
    const entrance = at("organization");
    const masters = nginxes(mesh).map(({ pid }) => pid);
    const before = masters.map((pid) => nginxProcesses(pid));
    const socket = connect({ host: entrance.endpoint.address, port: entrance.endpoint.port });
    socket.pause();
    socket.write(head(entrance, "GET", `/large?bytes=${40 * MEGABYTE}`, "Connection: close"));
    const { memory } = await peakWhile(masters, sleep(3_000));
    const written = masters.map((pid, index) => nginxProcesses(pid).written - before[index]!.written);
    expect(memory - Math.max(...before.map((node) => node.memory))).toBeLessThan(12 * MEGABYTE);
    expect(Math.max(...written)).toBeLessThan(MEGABYTE);
    let bytes = 0;
    let first: Buffer | undefined;
    for await (const some of socket as AsyncIterable<Buffer>) {
      first ??= some;
      bytes += some.length;
    }
    expect(bytes - first!.indexOf("\r\n\r\n") - 4).toBe(40 * MEGABYTE);
  });

  test("a client that closes its half after the request gets all or nothing, and is not kept", async () => {
    const entrance = at("origin");
    const asked = origin.answer((socket) => {
      setTimeout(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"), 300);
    });
    const raw = await RawConnection.open(entrance.endpoint);
    raw.write(head(entrance, "GET", "/half"));
    await asked.first;
    raw.socket.end();
    await raw.until("the connection ends", () => raw.ended, 2_000);
    expect(raw.text === "" || raw.text.endsWith("\r\n\r\ndone")).toBe(true);
    // The service learns that nobody waits, or has sent what it had.
    await waitUntil("the service's connection is free", async () => {
      if (asked.open() > 0 && raw.text === "") throw new Error("it still waits");
    });
  });

  test("a service that closes its half after an answer without a length is understood", async () => {
    const entrance = at("origin");
    origin.answer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst ");
      setTimeout(() => socket.end("last"), 100);
    });
    const raw = await RawConnection.open(entrance.endpoint);
    raw.write(head(entrance, "GET", "/without-length", "Connection: close"));
    await raw.until("the answer is whole", () => raw.ended);
    expect(raw.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(raw.text).toMatch(/chunked[^]*first [^]*last\r\n0\r\n\r\n$/);
  });

  test.each([
    ["with a length", "Content-Length: 1000\r\n\r\nfirst"],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"],
  ])(
    "an answer %s that breaks off is seen as broken off, and the request is not repeated",
    async (_case, answer) => {
      const entrance = at("origin");
      for (const method of ["GET", "POST"]) {
        const asked = origin.answer((socket) => {
          socket.write(`HTTP/1.1 200 OK\r\n${answer}`);
          setTimeout(() => socket.resetAndDestroy(), 100);
        });
        const raw = await RawConnection.open(entrance.endpoint);
        raw.write(head(entrance, method, "/breaks", "Content-Length: 0"));
        await raw.until("the connection ends", () => raw.ended);
        expect(raw.text).toMatch(/^HTTP\/1\.1 200 [^]*first/);
        expect(raw.text).not.toMatch(/\r\n0\r\n\r\n$/);
        expect(raw.body.length).toBeLessThan(1000);
        expect(asked.count()).toBe(1);
      }
    },
  );

  test("a service that refuses an upload before it has read it is heard", async () => {
    const entrance = at("origin");
    origin.answer((socket) =>
      socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"),
    );
    const raw = await RawConnection.open(entrance.endpoint);
    raw.write(head(entrance, "POST", "/upload", "Content-Length: 50000000"));
    raw.write(Buffer.alloc(200_000, "b"));
    await raw.until("the answer came", () => raw.text.endsWith("no\n"));
    expect(raw.text).toMatch(/^HTTP\/1\.1 413 /);
    raw.close();
  });

  test("a WebSocket stays open through reloads", async () => {
    const entrance = at("organization");
    const socket = await WebSocketClient.open(entrance.endpoint, entrance.path("/ws"), entrance.host);
    for (const message of ["one", "two", "three"]) {
      for (const nginx of nginxes(mesh)) nginx.signal("SIGHUP");
      await sleep(500);
      expect(await socket.echo(message)).toBe(message);
    }
    socket.close();
  });

  test("a Service of Kubernetes that was created a moment ago is reached, and no configuration has changed", async () => {
    const name = `created-${_.replaceAll(" ", "-")}`;
    const generationsBefore = await generations(mesh);
    const entrance = at(name);
    // Asked for before as well: what kubedns does not know is not remembered for long.
    expect(await statusOf(entrance)).toBe(503);
    await mesh.startService({ name, on: { cluster: "alpha" } });
    await waitUntil(
      `${name} answers`,
      async () => {
        const status = await statusOf(entrance);
        if (status !== 200) throw new Error(String(status));
      },
      { timeoutMs: 6_000 },
    );
    expect(await generations(mesh)).toEqual(generationsBefore);
  });
});

async function statusOf(entrance: Entrance): Promise<number> {
  const raw = await RawConnection.open(entrance.endpoint);
  raw.write(head(entrance, "GET", "/", "Connection: close"));
  await raw.until("the answer is whole", () => raw.ended);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(raw.text)?.[1]);
}

/** A service of which a test decides each byte of its answers. */
class Origin {
  static async start(address: string): Promise<Origin> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    return new Origin(server, address, port);
  }

  private readonly sockets = new Set<Socket>();
  private onRequest: (socket: Socket) => void = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly address: string,
    readonly port: number,
  ) {
    server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => undefined);
      socket.on("end", () => socket.end());
      let head = "";
      socket.on("data", (some: Buffer) => {
        head += some.toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        // The body, if there is one, is read and forgotten.
        if (/^[A-Z]+ \//.test(head)) this.onRequest(socket);
        head = "";
      });
    });
  }

  /** How requests are answered from now on, and what is seen of them. */
  answer(how: (socket: Socket) => void) {
    let count = 0;
    const mine = new Set<Socket>();
    const first = new Promise<void>((resolve) => {
      this.onRequest = (socket) => {
        count++;
        mine.add(socket);
        resolve();
        how(socket);
      };
    });
    const open = () => [...mine].filter((socket) => !socket.destroyed).length;
    return { first, count: () => count, open };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
