// A node of the mesh from its files, without Consul: the catalogue is written where consul-template would write it.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CORES, startPinned } from "../processes.mjs";
import { DENIED_SERVICE_NAMES, ports, renderGatewayNginx, renderMesosNginx, root } from "../product.mjs";

const run = promisify(execFile);
const code = join(root, "mesh", "node");
const ENVIRONMENT = "bench";
export const DOMAIN = "bench.example.internal";

/**
 * Writes a node's files and its first generation.
 *
 * @param role "mesos" or "gateway"
 * @param catalogue { services: { name: [{ address, port }] }, workers: [{ address, port }] }
 * @returns { apply, start, write, folder }
 */
export async function makeNode({ paths, folder, role, address, resolver, catalogue }) {
  for (const name of ["settings", "state/staging", "state/cache", "run", "log"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const places = {
    run: join(folder, "run"),
    log: join(folder, "log"),
    cache: join(folder, "state", "cache"),
    workers: "1",
    connections: 4096,
  };
  const listen = { local: address, node: address, health: address };
  const nginx =
    role === "mesos"
      ? renderMesosNginx({ domain: DOMAIN, resolver, listen, ...places })
      : renderGatewayNginx({ listen, ...places });
  writeFileSync(join(folder, "settings", "nginx.conf"), nginx);
  const nodeFile = join(folder, "settings", "node.json");
  writeFileSync(
    nodeFile,
    JSON.stringify({
      role,
      environment: ENVIRONMENT,
      address,
      nginx: paths.nginx,
      paths: { state: join(folder, "state"), run: places.run, log: places.log },
      ports: {
        local: ports.localProxy,
        inbound: ports.inbound,
        gateway: ports.gateway,
        health: ports.health,
      },
      listen,
      gateway: `sdb.${DOMAIN}:${ports.gateway}`,
      denied: DENIED_SERVICE_NAMES,
      initialWeights: { alpha: 100 },
    }),
  );
  const dial = [{ format: 1, environment: ENVIRONMENT }, { dial: "" }, { end: 2 }];
  writeFileSync(
    join(folder, "state", "staging", "dial.jsonl"),
    dial.map((document) => `${JSON.stringify(document)}\n`).join(""),
  );
  const env = { PYTHONPYCACHEPREFIX: join(folder, "pycache") };
  const node = {
    folder,
    write: (next) => writeFileSync(join(folder, "state", "staging", "catalogue.jsonl"), lines(next)),
    apply: async (...options) => {
      const program = join(code, "skyline-apply");
      const { stdout } = await run(program, ["--node", nodeFile, ...options], {
        env: { ...process.env, ...env },
      });
      return stdout;
    },
    start: async (cores = CORES.proxy) => {
      const nginx = await startPinned({
        name: "nginx",
        cores,
        command: paths.nginx,
        args: [
          "-p",
          places.run,
          "-e",
          "stderr",
          "-c",
          join(folder, "state/live/nginx.conf"),
          "-g",
          "daemon off;",
        ],
        folder: join(folder, "log"),
        listens: { address, port: ports.health },
      });
      const metrics = await startPinned({
        name: "metrics",
        cores,
        command: join(code, "skyline-metrics"),
        args: ["--node", nodeFile],
        folder: join(folder, "log"),
        env,
      });
      return {
        nginx: nginx.pid,
        pids: [nginx.pid, metrics.pid],
        stop: () => Promise.all([metrics.stop(), nginx.stop()]),
      };
    },
  };
  node.write(catalogue);
  await node.apply();
  return node;
}

/** As mesh/node/catalogue.ctmpl writes it. */
function lines({ services, workers = [] }) {
  const documents = [
    { format: 1, environment: ENVIRONMENT },
    ...Object.entries(services).map(([name, instances]) => ({
      service: name,
      instances: instances.map(({ address, port }, at) => ({
        node: address,
        address,
        port,
        id: `${name}-${at}`,
      })),
    })),
    { workers: workers.map(({ address, port }) => ({ node: address, address, port, cluster: "alpha" })) },
    { removal: "" },
  ];
  return [...documents, { end: documents.length }]
    .map((document) => `${JSON.stringify(document)}\n`)
    .join("");
}
