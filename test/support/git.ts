import { execFileSync } from "node:child_process";

const IDENTITY = [
  "-c",
  "user.name=Test",
  "-c",
  "user.email=test@example.internal",
  "-c",
  "commit.gpgsign=false",
];

/** Runs the real git in a folder, with nobody's settings. @returns what it prints, without the last end of line */
export const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", [...IDENTITY, "-C", folder, ...args], {
    env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  }).replace(/\n$/, "");

/** Commits all that is in a folder's repository. @returns the commit */
export function commitAll(folder: string, message = "change"): string {
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "--message", message);
  return git(folder, "rev-parse", "HEAD");
}
