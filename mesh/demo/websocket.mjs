// A WebSocket that says back what it is told (RFC 6455), without a package for it.
import { createHash } from "node:crypto";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

export function acceptWebSocket(request, socket, head) {
  const key = request.headers["sec-websocket-key"];
  if (key === undefined || request.headers.upgrade?.toLowerCase() !== "websocket") {
    return socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  const accept = createHash("sha1").update(`${key}${MAGIC}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let buffer = head;
  const read = () => {
    for (let frame = parse(buffer); frame !== undefined; frame = parse(buffer)) {
      buffer = buffer.subarray(frame.length);
      if (frame.opcode === CLOSE) return socket.end(encode(CLOSE, frame.payload));
      if (frame.opcode === PING) socket.write(encode(PONG, frame.payload));
      else if (frame.opcode !== PONG) socket.write(encode(frame.opcode, frame.payload, frame.final));
    }
  };
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    read();
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  return read();
}

/** The first frame, or undefined while it is not whole. */
function parse(buffer) {
  if (buffer.length < 2) return undefined;
  const [opcode, final] = [buffer[0] & 0xf, (buffer[0] & 0x80) !== 0];
  const masked = (buffer[1] & 0x80) !== 0;
  const short = buffer[1] & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes + (masked ? 4 : 0);
  if (buffer.length < start) return undefined;
  const size =
    lengthBytes === 2
      ? buffer.readUInt16BE(2)
      : lengthBytes === 8
        ? Number(buffer.readBigUInt64BE(2))
        : short;
  if (buffer.length < start + size) return undefined;
  const payload = Buffer.from(buffer.subarray(start, start + size));
  if (masked) {
    const mask = buffer.subarray(start - 4, start);
    for (let i = 0; i < payload.length; i++) payload[i] ^= mask[i % 4];
  }
  return { opcode, final, payload, length: start + size };
}

function encode(opcode, payload, final = true) {
  const first = (final ? 0x80 : 0) | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const header = Buffer.alloc(payload.length < 65_536 ? 4 : 10);
  header[0] = first;
  if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(payload.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([header, payload]);
}
