// Starts all contenders.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, ports, release, reserve } from "../product.mjs";
import { serviceNames } from "../services.mjs";
import { startEnvoy } from "./envoy.mjs";
import { startHaproxy } from "./haproxy.mjs";
import { startNginx } from "./nginx.mjs";
import { localProxy, startSkyline } from "./skyline-way.mjs";
import { startUpstream } from "./upstream.mjs";

const SERVICE_PORT = 8080;
const PEERS = {
  nginx: startNginx,
  "nginx-shared": (options) => startNginx({ ...options, shared: true }),
  envoy: (options) => startEnvoy({ ...options, variant: "mesh" }),
  "envoy-list": (options) => startEnvoy({ ...options, variant: "mesh", routing: "list" }),
  "envoy-bare": (options) => startEnvoy({ ...options, variant: "bare" }),
  haproxy: startHaproxy,
};

/**
 * Starts the upstream and all contenders beside each other: who is not asked takes no time.
 *
 * @param only names of the contenders to start; all of them if left out
 * @returns { contenders: [{ name, url, names, pids }], stop }
 */
export async function startContenders({ paths, folder, services, only = () => true }) {
  const network = await reserve();
  const stops = [async () => release(network, [process.pid])];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const inMesos = listed(folder, "mesos", serviceNames(services));
    // Names that the catalogue does not have: they are in Kubernetes.
    const inKubernetes = listed(
      folder,
      "kubernetes",
      serviceNames(services).map((name) => `k-${name}`),
    );
    // Two Mesos nodes, and in Kubernetes the address that all names have.
    const instances = [1, 2].map((node) => ({ address: network.mesosNode(node), port: ports.inbound }));
    const kubernetes = { address: network.service(0, 0), port: SERVICE_PORT };
    const behind = await startUpstream({ paths, folder, listen: [...instances, kubernetes] });
    stops.push(() => behind.stop());
    const contenders = [
      { name: "direct", url: urlOf(instances[0]), names: inMesos, pids: [behind.pid], hops: 0 },
    ];
    for (const [name, start] of Object.entries(PEERS).filter(([each]) => only(each))) {
      const at = { address: "127.0.0.1", port: await freePort() };
      const peer = await start({ paths, folder, names: serviceNames(services), ...at, instances });
      stops.push(peer.stop);
      contenders.push({ name, url: urlOf(at), names: inMesos, pids: peer.pids, hops: 1 });
    }
    const skyline = await startSkyline({
      paths,
      folder,
      names: serviceNames(services),
      network,
      instances,
      kubernetes,
    });
    stops.push(skyline.stop);
    const url = urlOf(localProxy(network));
    contenders.push({ name: "skyline-hop", url, names: inMesos, pids: skyline.hop, hops: 1 });
    contenders.push({ name: "skyline-way", url, names: inKubernetes, pids: skyline.way, hops: 3 });
    return { contenders, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const urlOf = ({ address, port }) => `http://${address}:${port}`;

/** Writes names to a file, for wrk. */
function listed(folder, name, names) {
  const file = join(folder, `${name}.names`);
  writeFileSync(file, names.map((each) => `${each}\n`).join(""));
  return file;
}
