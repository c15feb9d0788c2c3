/** As much of DNS as a kubedns of tests needs: one question, and A records. */
export interface Question {
  /** In lower case, without the last dot. */
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the message. */
  readonly end: number;
}

const HEADER = 12;
const A = 1;
const NO_SUCH_NAME = 3;

/** Undefined when the message is no query. */
export function decodeQuestion(message: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString("latin1", at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at), end: at + 4 };
}

/** @param address that the name has; undefined when there is no such name */
export function encodeAnswer(query: Buffer, { type, end }: Question, address: string | undefined): Buffer {
  const records = address === undefined || type !== A ? [] : [record(address)];
  const header = Buffer.alloc(HEADER);
  query.copy(header, 0, 0, 2);
  // A response to a recursive query, by an authority.
  header.writeUInt16BE(0x8580 | (address === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER, end), ...records]);
}

function record(address: string): Buffer {
  const start = Buffer.from([0xc0, HEADER, 0, A, 0, 1, 0, 0, 0, 5, 0, 4]);
  return Buffer.concat([start, Buffer.from(address.split(".").map(Number))]);
}
