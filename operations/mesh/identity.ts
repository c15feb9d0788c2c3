import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * What tells a process from every other that had or will have its id: the kernel's start time, and which boot of the
 * machine it was. Undefined when no such process runs (one that has ended and waits for its parent does not).
 */
export function identityOf(pid: number): string | undefined {
  if (process.platform !== "linux") {
    return started(pid);
  }
  const stat = statOf(pid);
  return stat === undefined || stat.state === "Z" ? undefined : `${bootId()}:${stat.startTime}`;
}

/** Ids of processes of a group whose leader has ended, as those of NGINX's workers after a SIGKILL of their master. */
export function orphansOf(leader: number, folder: string): number[] {
  if (process.platform !== "linux") {
    return [];
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat !== undefined && stat.state !== "Z" && stat.group === leader && worksBelow(pid, folder);
    });
}

/** Children of a process that run. */
export function childrenOf(parent: number): number[] {
  if (process.platform !== "linux") {
    const output = run("pgrep", ["-P", String(parent)]);
    return output === undefined ? [] : output.trim().split("\n").map(Number);
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat !== undefined && stat.parent === parent && stat.state !== "Z";
    });
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** Ticks since the boot. */
  readonly startTime: string;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in brackets, which may hold brackets and spaces itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent = "", group = ""] = fields;
    return { state, parent: Number(parent), group: Number(group), startTime: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function worksBelow(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

function started(pid: number): string | undefined {
  const output = run("ps", ["-o", "stat=,lstart=", "-p", String(pid)])?.trim();
  return output === undefined || output === "" || output.startsWith("Z")
    ? undefined
    : output.replace(/^\S+\s+/, "");
}

function run(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
