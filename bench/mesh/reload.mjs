// Time from a new catalogue on disk to the new generation in force, and memory, by the number of services.
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeNode } from "./contenders/skyline-node.mjs";
import { family, pssMegabytes } from "./processes.mjs";
import { pause, ports, release, reserve } from "./product.mjs";
import { median } from "./report.mjs";
import { serviceNames } from "./services.mjs";

const run = promisify(execFile);

export const SIZES = [100, 1000, 10000];
/** As many as the apply step lets through at once: what comes faster than that is a storm to it. */
const CHANGES = 3;
/** Instances of each service, on any of so many nodes. */
const INSTANCES = 2;
const NODES = 100;

/**
 * @returns by size: medians of the seconds of a whole `skyline-apply` (read, guard, render, `nginx -t`, install, reload,
 *   confirm on new connections), of `nginx -t` alone and of a reload alone; NGINX's memory in MB
 */
export async function measureReloads({ paths, folder, report }) {
  const results = {};
  for (const size of SIZES) {
    report(`reload with ${size} services …`);
    results[size] = await one({ paths, folder: join(folder, `reload-${size}`), size });
  }
  return results;
}

async function one({ paths, folder, size }) {
  mkdirSync(folder, { recursive: true });
  const network = await reserve();
  try {
    const names = serviceNames(size);
    const pick = picker(network);
    const services = Object.fromEntries(names.map((name) => [name, pick(INSTANCES)]));
    const catalogue = { services, workers: [{ address: network.worker(0, 0), port: ports.inbound }] };
    const address = network.mesosNode(0);
    const resolver = `${network.dns(0)}:5353`;
    const node = await makeNode({ paths, folder, role: "mesos", address, resolver, catalogue });
    const running = await node.start();
    try {
      const applied = [];
      const tested = [];
      const reloaded = [];
      for (let change = 1; change <= CHANGES; change++) {
        // One instance more of one service: a deploy.
        services[names[change]] = pick(INSTANCES + 1);
        node.write(catalogue);
        applied.push(await seconds(() => node.apply()));
        await inForce(node);
        tested.push(await seconds(() => testConfiguration({ paths, folder })));
        reloaded.push(await seconds(() => reload(running.nginx)));
      }
      return {
        apply_s: median(applied),
        nginx_t_s: median(tested),
        nginx_reload_s: median(reloaded),
        pss_mb: pssMegabytes([running.nginx]),
        runs: applied,
      };
    } finally {
      await running.stop();
    }
  } finally {
    release(network, [process.pid]);
  }
}

/** Picks different nodes, the same ones in each run of the benchmark. */
function picker(network) {
  let state = 42;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state % NODES;
  };
  return (count) => {
    const nodes = new Set();
    while (nodes.size < count) nodes.add(next());
    return [...nodes].map((node) => ({ address: network.mesosNode(1 + node), port: 31000 }));
  };
}

const testConfiguration = ({ paths, folder }) =>
  run(paths.nginx, [
    "-t",
    "-q",
    "-e",
    "stderr",
    "-p",
    join(folder, "run"),
    "-c",
    join(folder, "state/live/nginx.conf"),
  ]);

/** Resolves when a worker of the new configuration runs, and those of the old one have ended. */
async function reload(master) {
  const before = new Set(family(master));
  process.kill(master, "SIGHUP");
  const workers = () => family(master).filter((pid) => pid !== master);
  while (workers().length === 0 || workers().some((pid) => before.has(pid))) await pause(2);
}

/** @throws Error when the last run of the apply step did not put anything in force */
async function inForce(node) {
  const status = JSON.parse(await node.apply("--status"));
  const result = status.last?.result;
  if (result !== "applied") {
    throw new Error(`skyline-apply: ${result}, not applied: ${JSON.stringify(status.last)}`);
  }
}

async function seconds(work) {
  const begun = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}
