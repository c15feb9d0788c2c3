import type { IncomingMessage } from "node:http";

/** A request that is refused before anything is done for it. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** An action is some names and two sentences. */
export const MOST_BYTES = 16 * 1024;

/** @throws RequestRefused for what is too large, or no JSON */
export async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  // Text and forms are what a foreign page may send without being asked first.
  if (!/^application\/json(; *charset=utf-8)?$/i.test(type)) {
    throw new RequestRefused(415, "a body is application/json");
  }
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) {
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    throw new RequestRefused(400, "the body is no JSON");
  }
}

const tooLarge = () => new RequestRefused(413, `a body has ${MOST_BYTES} bytes at most`);
