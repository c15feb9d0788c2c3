import type { Environment } from "../../environment/schema";
import { kubeDnsAddress } from "../../environment/mesh/bridge-nginx";
import { gatewayHost, ports } from "../../environment/naming";
import { startKubernetes, type KubernetesCluster } from "./kubernetes";
import { World, type Address } from "./netns";
import type { ConfigMap, PodSpec } from "./nginx-pod-spec";
import { developmentPlatform } from "./platform";
import { waitUntil } from "./process";

/** Where the gateways' name leads in the world of tests. */
export const GATEWAY: Address = { address: "10.10.0.5", port: ports.gateway };

/** The bridge of the development environment as an API server has it, and what is around it. */
export interface DeployedBridge {
  readonly environment: Environment;
  readonly pod: { readonly spec: PodSpec; readonly configMaps: readonly ConfigMap[] };
  /** Address of a pod of it. */
  readonly podIp: string;
  /** Addresses of the Services in its namespace by name. */
  readonly services: Readonly<Record<string, string>>;
  /** Where kube-proxy leads a call of the Service that stands for a Mesos service. */
  readonly standIn: Address & { readonly to: Address };
}

/**
 * Applies the platform stack and some Services of pods to a real API server, and reads back what a node would run. The
 * cluster is gone at the end.
 *
 * @param standIn Service that stands for a Mesos service
 * @param services Services to add
 */
export async function deployBridge(standIn: string, services: readonly string[]): Promise<DeployedBridge> {
  const { environment, yaml } = developmentPlatform();
  const { namespace, port } = environment.mesh.service;
  const cluster = await startKubernetes({ nodes: 1 });
  try {
    await cluster.apply(yaml);
    const items = services.map((name) => service(name, namespace, port));
    await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    const get = reader(cluster, namespace);
    const daemonSet = await get<{ spec: { template: { spec: PodSpec } } }>("daemonset/skyline-bridge");
    const all = await get<List<ServiceObject>>("services");
    const addresses = Object.fromEntries(
      all.items.map(({ metadata, spec }) => [metadata.name, spec.clusterIP] as const),
    );
    const to = await waitUntil(`${standIn} has an endpoint`, async () => {
      const slices = await get<List<Slice>>(`endpointslices -l kubernetes.io/service-name=${standIn}`);
      const [{ endpoints, ports: slicePorts } = {}] = slices.items;
      const [address, port] = [endpoints?.[0]?.addresses[0], slicePorts?.[0]?.port];
      if (address === undefined || port === undefined) throw new Error(JSON.stringify(slices.items));
      return { address, port };
    });
    return {
      environment,
      pod: {
        spec: daemonSet.spec.template.spec,
        configMaps: (await get<List<ConfigMap>>("configmaps")).items,
      },
      podIp: to.address,
      services: addresses,
      standIn: { address: addresses[standIn] ?? "", port, to },
    };
  } finally {
    await cluster.stop();
  }
}

/** The pod's surroundings: kubedns where the configuration looks for it, the gateways, and all else that it may call. */
export function startWorld(bridge: DeployedBridge, directory: string): Promise<World> {
  const { environment, services, podIp } = bridge;
  const { namespace, port } = environment.mesh.service;
  const [cluster] = Object.values(environment.clusters);
  const names = Object.entries(services).map(([name, address]) => [
    `${name}.${namespace}.svc.cluster.local`,
    address,
  ]);
  return World.start({
    directory,
    dns: {
      address: kubeDnsAddress(cluster?.serviceCidr ?? ""),
      names: { ...Object.fromEntries(names), [gatewayHost(environment.domain)]: GATEWAY.address },
    },
    // Whatever is asked on one of these ports of any address is seen: of the cluster, of the cloud, of the pod itself.
    ports: [...new Set([80, 443, 6443, 8500, 10250, 29180, port, GATEWAY.port])],
    relays: [bridge.standIn],
    doors: Object.fromEntries(
      [ports.inbound, ports.outbound, ports.health].map((of) => [`port-${of}`, { address: podIp, port: of }]),
    ),
  });
}

interface List<T> {
  readonly items: readonly T[];
}
interface ServiceObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly clusterIP: string };
}
interface Slice {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly ports?: readonly { readonly port: number }[];
}

const reader =
  (cluster: KubernetesCluster, namespace: string) =>
  async <T>(what: string): Promise<T> => {
    const { code, stdout, stderr } = await cluster.kubectl([
      "get",
      "-n",
      namespace,
      "-o",
      "json",
      ...what.split(" "),
    ]);
    if (code !== 0) throw new Error(`kubectl get ${what}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };

const service = (name: string, namespace: string, port: number) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port }] },
});
