import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Who may ask. The server listens on loopback, yet a browser on this machine also shows pages of others: they may send
 * requests to it, and one that lets its own name resolve to 127.0.0.1 could read the answers too (DNS rebinding). So the
 * name in Host must be a loopback name, what a page sends must come from our own page, and whatever says or changes
 * anything wants the token, which no other page and no other user of this machine knows.
 */

/** Why nobody is answered under this name or from this origin; undefined when they are ours. */
export function foreign(request: IncomingMessage, port: number): string | undefined {
  const { host = "", origin, "sec-fetch-site": site } = request.headers;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(host)) {
    return "this name is not of the dial's page";
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return "another page than the dial's asks";
  }
  // Browsers say Origin with whatever may change something. What comes without it is no page of ours.
  if (origin === undefined && request.method === "POST") {
    return "no origin is given";
  }
  // Navigation to the page itself may come from anywhere: it has no secret, and no other page may frame it.
  if (site !== undefined && site !== "same-origin" && request.url?.startsWith("/api/") === true) {
    return "another page than the dial's asks";
  }
  return undefined;
}

/** Whether the request has the token. Takes the same time however much of it is right. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer ([-_A-Za-z0-9]{1,128})$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string) => createHash("sha256").update(text).digest();
