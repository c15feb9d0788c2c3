import { createServer } from "node:net";

// Below the ranges that Linux (32768 and up) and macOS (49152 and up) take source ports from. A port got by listening on
// port 0 comes out of those ranges, and the next outgoing connection of any process may take it before the server does.
const FIRST = 10_000;
const LAST = 32_767;

// Processes start at different places, and none hands out a port twice: test workers rarely meet.
let next = FIRST + ((process.pid * 97) % (LAST - FIRST));

/** A TCP port on 127.0.0.1 that nobody listens on, and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (let tried = FIRST; tried <= LAST; tried++) {
    const port = next;
    next = next === LAST ? FIRST : next + 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 from ${FIRST} to ${LAST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
