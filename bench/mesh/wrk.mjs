// Runs wrk once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ExpectedError } from "../errors.mjs";
import { CORES } from "./processes.mjs";

const script = fileURLToPath(new URL("./requests.lua", import.meta.url));

/**
 * Loads a URL from one thread.
 *
 * Without a rate every connection sends its next request at once. With a rate, each waits a random time between requests,
 * so long that the connections together make the rate: as waiting takes a hundred times longer than an answer, the rate is
 * the same for a fast and for a slow proxy, and requests go on arriving while one is slow.
 *
 * @param names file with a service's name a line
 * @returns requests, seconds, and p50, p90, p99 and max in microseconds
 * @throws ExpectedError when a request failed or got another answer than 200: the figures would mean nothing
 */
export async function loadWithWrk({ wrk, url, names, prefix = "/service/", connections, seconds, rate }) {
  const pause = rate === undefined ? 0 : (connections / rate) * 1000;
  const args = [
    "--latency",
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "-s",
    script,
    url,
    "--",
    names,
    prefix,
    pause,
  ];
  const child = spawn("taskset", ["-c", CORES.load, wrk, ...args.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [talk, result] = ["", ""];
  child.stdout.on("data", (chunk) => (talk += chunk));
  child.stderr.on("data", (chunk) => (result += chunk));
  const [status] = await once(child, "close");
  if (status !== 0 || !result.startsWith("{")) {
    throw new ExpectedError(`bench: wrk ${url} ended with ${status}\n${talk}${result}`);
  }
  const measured = JSON.parse(result);
  if (measured.status > 0 || measured.failed > 0 || measured.requests === 0) {
    throw new ExpectedError(
      `bench: of ${measured.requests} requests to ${url}, ${measured.status} got another answer and ${measured.failed} failed`,
    );
  }
  return measured;
}
