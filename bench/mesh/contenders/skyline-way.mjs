// The mesh's whole way of a request to Kubernetes: local proxy, gateway, bridge. The local proxy alone is our hop.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, startPinned } from "../processes.mjs";
import { dataPlaneFile, ports, renderBridge } from "../product.mjs";
import { DOMAIN, makeNode } from "./skyline-node.mjs";

const DNS_PORT = 5353;

/**
 * @param network loopback addresses of one mesh
 * @param names services in Mesos, which all nodes know
 * @param instances where the destination proxies of all services in Mesos are
 * @param kubernetes address of all services in Kubernetes
 * @returns the local proxy, and what is behind it, each { pids, stop }
 */
export async function startSkyline({ paths, folder, names, network, instances, kubernetes }) {
  const own = join(folder, "skyline");
  const stops = [];
  const stop = () => Promise.all(stops.map((end) => end()));
  try {
    const resolver = `${network.dns(0)}:${DNS_PORT}`;
    const dns = await startDns({
      paths,
      folder: join(own, "dns"),
      address: network.dns(0),
      gateway: network.gateway(0),
      kubernetes,
    });
    stops.push(() => dns.stop());
    const bridge = await startBridge({
      paths,
      folder: join(own, "bridge"),
      address: network.worker(0, 0),
      resolver,
    });
    stops.push(() => bridge.stop());
    const catalogue = {
      services: Object.fromEntries(
        names.map((name) => [name, instances.map(({ address }) => ({ address, port: 31000 }))]),
      ),
      workers: [{ address: network.worker(0, 0), port: ports.inbound }],
    };
    const started = [];
    for (const [role, address] of [
      ["gateway", network.gateway(0)],
      ["mesos", network.mesosNode(0)],
    ]) {
      const node = await makeNode({ paths, folder: join(own, role), role, address, resolver, catalogue });
      const running = await node.start();
      stops.push(running.stop);
      started.push(running);
    }
    const [gateway, local] = started;
    return { hop: local.pids, way: [...local.pids, ...gateway.pids, bridge.pid], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where the local proxy listens. */
export const localProxy = (network) => ({ address: network.mesosNode(0), port: ports.localProxy });

async function startBridge({ paths, folder, address, resolver }) {
  mkdirSync(folder, { recursive: true });
  const settings = {
    domain: DOMAIN,
    service: { namespace: "default", port: 8080 },
    serviceCidr: "172.20.0.0/16",
  };
  const places = { address, run: folder, accessLog: join(folder, "access.log"), resolver, workers: 1 };
  writeFileSync(
    join(folder, "nginx.conf"),
    renderBridge(dataPlaneFile("bridge/nginx.conf"), settings, places),
  );
  return startPinned({
    name: "bridge",
    cores: CORES.proxy,
    command: paths.nginx,
    args: ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf"), "-g", "daemon off;"],
    folder,
    listens: { address, port: ports.inbound },
  });
}

/** kubedns, and the resolver of the network around it. */
async function startDns({ paths, folder, address, gateway, kubernetes }) {
  mkdirSync(folder, { recursive: true });
  const zone = (name, target) => `${name}:${DNS_PORT} {
  bind ${address}
  template IN A {
    answer "{{ .Name }} 60 IN A ${target}"
  }
}
`;
  writeFileSync(join(folder, "Corefile"), zone(DOMAIN, gateway) + zone("cluster.local", kubernetes.address));
  return startPinned({
    name: "coredns",
    cores: CORES.upstream,
    command: paths.coredns,
    args: ["-conf", join(folder, "Corefile")],
    folder,
    listens: { address, port: DNS_PORT },
  });
}
