import { hostname, userInfo } from "node:os";

/** `user@host` of who runs this: what `--by` is when it is not given. */
export function caller(): string {
  let user = `uid ${process.getuid?.() ?? "unknown"}`;
  try {
    user = userInfo().username;
  } catch {
    // A container's user may have no name.
  }
  return `${user}@${hostname()}`;
}
