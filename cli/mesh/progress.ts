import type { Session } from "../session";

/** Tells steps, each with the seconds since the start. */
export function elapsed(session: Session): (text: string) => void {
  const start = Date.now();
  return (text) => session.talk(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}
