// Processes of the contenders: started on cores of their own, and what they use.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { connect } from "node:net";
import { startProcess, waitUntilReady } from "./product.mjs";

/** Ticks of utime and stime in a second: USER_HZ is 100 on every Linux. */
const TICKS = 100;

/**
 * Proxies share one core, and the load and the upstream the other ones: a proxy is then what limits the throughput, and
 * nothing else takes its time. With one core there is nothing to divide.
 */
export const CORES =
  availableParallelism() === 1
    ? { proxy: "0", load: "0", upstream: "0" }
    : { proxy: "0", load: "1", upstream: availableParallelism() === 2 ? "1" : "2" };

/**
 * Starts a program in a folder on a core, and waits until it listens.
 *
 * @returns { pid, stop } of a process with a group of its own
 */
export async function startPinned({ name, cores, command, args, folder, env = {}, listens }) {
  const running = startProcess({
    name,
    command: "taskset",
    args: ["-c", cores, command, ...args],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    cwd: folder,
    logFile: `${folder}/${name}.log`,
  });
  if (listens !== undefined) {
    await waitUntilReady(running, () => accepts(listens), 30_000);
  }
  return running;
}

function accepts({ address, port }) {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}

/** A process and all that it started. */
export function family(pid) {
  const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")) ?? "";
  return [
    pid,
    ...children
      .split(" ")
      .filter(Boolean)
      .flatMap((child) => family(Number(child))),
  ];
}

/** Seconds of CPU, user and system, that processes and what they started have taken so far. */
export function cpuSeconds(pids) {
  let ticks = 0;
  for (const pid of pids.flatMap(family)) {
    const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
    if (stat === undefined) continue;
    // After the name, which may hold spaces and brackets: fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** Memory in MB: pages shared by several processes count in equal parts. */
export function pssMegabytes(pids) {
  const kilobytes = pids.flatMap(family).map((pid) => {
    const rollup = attempt(() => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? "";
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function attempt(read) {
  try {
    return read();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
