import { createHash, randomBytes } from "node:crypto";
import { type Socket, connect } from "node:net";
import type { Endpoint } from "./mesh-connection";
import { waitUntil } from "./process";

/** A connection of which a test decides each byte. */
export class RawConnection {
  static open({ address, port }: Endpoint): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new RawConnection(socket)));
    });
  }

  private bytes = Buffer.alloc(0);
  /** The server has ended its half, or the connection is gone. */
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.on("data", (some: Buffer) => (this.bytes = Buffer.concat([this.bytes, some])));
    for (const event of ["end", "close"]) socket.on(event, () => (this.ended = true));
    socket.on("error", () => (this.ended = true));
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** What came so far, byte for byte. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** What came so far after the answer's head. */
  get body(): Buffer {
    const head = this.bytes.indexOf("\r\n\r\n");
    return head < 0 ? Buffer.alloc(0) : this.bytes.subarray(head + 4);
  }

  until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
    return waitUntil(
      what,
      async () => {
        if (!holds()) throw new Error(`came: ${this.text.slice(0, 500)}${this.ended ? " and the end" : ""}`);
      },
      { timeoutMs, pollMs: 10 },
    );
  }

  close(): void {
    this.socket.destroy();
  }
}

const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, section 1.3

/** A WebSocket of text messages below 126 bytes, which is all that tests say. */
export class WebSocketClient {
  static async open(endpoint: Endpoint, path: string, host = "mesh"): Promise<WebSocketClient> {
    const raw = await RawConnection.open(endpoint);
    const key = randomBytes(16).toString("base64");
    raw.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await raw.until("the WebSocket is open", () => raw.text.includes("\r\n\r\n"));
    const accept = createHash("sha1")
      .update(key + WEBSOCKET_GUID)
      .digest("base64");
    if (!raw.text.startsWith("HTTP/1.1 101 ") || !raw.text.includes(accept)) {
      throw new Error(`no WebSocket: ${raw.text}`);
    }
    return new WebSocketClient(raw);
  }

  private read = 0;

  private constructor(private readonly raw: RawConnection) {}

  get ended(): boolean {
    return this.raw.ended;
  }

  /** Sends a message and waits for one. */
  async echo(message: string): Promise<string> {
    const mask = randomBytes(4);
    const masked = Buffer.from(message).map((byte, at) => byte ^ (mask[at % 4] as number));
    this.raw.write(Buffer.concat([Buffer.from([0x81, 0x80 | masked.length]), mask, masked]));
    const at = this.read;
    const whole = () => {
      const { body } = this.raw;
      return body.length >= at + 2 && body.length >= at + 2 + (body[at + 1] as number);
    };
    await this.raw.until("the message is answered", whole);
    const { body } = this.raw;
    this.read = at + 2 + (body[at + 1] as number);
    return body.subarray(at + 2, this.read).toString();
  }

  close(): void {
    this.raw.close();
  }
}
