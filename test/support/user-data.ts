import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file as user data left it. */
export interface WrittenFile {
  readonly mode: string;
  readonly owner: string;
  readonly content: string;
}

export interface UserDataRun {
  /** By path. */
  readonly files: Readonly<Record<string, WrittenFile>>;
  /** Calls of systemctl, in order. */
  readonly units: readonly string[];
}

/**
 * What a node would have after its user data: bash runs it, and finds functions in place of the programs that write to
 * the host.
 */
export function runUserData(script: string): UserDataRun {
  const root = mkdtempSync(join(tmpdir(), "skyline-user-data-"));
  try {
    execFileSync("bash", ["-c", `${STAND_INS}\n${script}`], {
      env: { PATH: process.env["PATH"], ROOT: root },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const lines = readFileSync(join(root, "log"), "utf8").trim().split("\n");
    const files: Record<string, WrittenFile> = {};
    const units: string[] = [];
    for (const line of lines) {
      const [kind, first = "", second = ""] = line.split("\t");
      if (kind === "systemctl") units.push(first);
      else if (kind === "install")
        files[second] = {
          mode: first,
          owner: "root:root",
          content: readFileSync(`${root}${second}`, "utf8"),
        };
      else files[second] = { ...(files[second] as WrittenFile), owner: first };
    }
    return { files, units };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const STAND_INS = `
install() {
  local mode=
  while [ "$1" != /dev/stdin ]; do
    case "$1" in -m) mode=$2 ;; esac
    shift
  done
  mkdir -p "$ROOT$(dirname "$2")"
  cat >"$ROOT$2"
  printf 'install\\t%s\\t%s\\n' "$mode" "$2" >>"$ROOT/log"
}
chown() { printf 'chown\\t%s\\t%s\\n' "$1" "$2" >>"$ROOT/log"; }
systemctl() { printf 'systemctl\\t%s\\n' "$*" >>"$ROOT/log"; }
`;

/** Variables of an environment file, as a shell reads them. */
export function variablesOf(content: string): Record<string, string> {
  const names = [...content.matchAll(/^(\w+)=/gm)].map(([, name]) => name as string);
  const print = names.map((name) => `printf '%s\\0' "$${name}"`).join("\n");
  const values = execFileSync("bash", ["-uc", `${content}\n${print}`], { encoding: "utf8" }).split("\0");
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}

/** Most seconds for which a node's user data lets it leave. */
export const leaveLimit = (userData: string): number =>
  Number(/^SKYLINE_LEAVE_LIMIT="?(\d+)"?$/m.exec(userData)?.[1]);

/** Flags of an environment file, by name, as systemd gives them to a program. */
export function flagsOf(content: string): Record<string, string> {
  const { ARGS = "" } = variablesOf(content);
  return Object.fromEntries(
    ARGS.split(/\s+/).map((arg) => {
      const [, name, value] = /^--([a-z0-9-]+)=(.*)$/.exec(arg) ?? [];
      if (name === undefined || value === undefined) throw new Error(`${arg} is no flag`);
      return [name, value];
    }),
  );
}
