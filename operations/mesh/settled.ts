import { isDeepStrictEqual } from "node:util";
import {
  DENIED_SERVICE_NAMES,
  RESERVED_SERVICES,
  SERVICE_NAME,
  WORKER_SERVICE,
} from "../../environment/naming";
import type { Chooser, Model } from "./chooser";
import type { ConsulClient } from "./consul-client";

/** What nodes are to route by, in words that can be compared: endpoints by service and by cluster, and the dial. */
export interface Routes {
  readonly services: Readonly<Record<string, readonly string[]>>;
  readonly clusters: Readonly<Record<string, readonly string[]>>;
  readonly dial: {
    readonly generation: number;
    readonly weights: Readonly<Record<string, number>>;
  };
}

/** What Consul knows now. A name that is no service's is left out, as nodes refuse it. */
export async function wantedRoutes(
  consul: ConsulClient,
  environment: string,
  initialWeights: Readonly<Record<string, number>>,
): Promise<Routes> {
  const names = Object.entries(await consul.services())
    .filter(([name, tags]) => tags.includes("skyline") && isRouted(name))
    .map(([name]) => name);
  const services = new Map<string, string[]>();
  for (const name of names.sort()) {
    const healthy = (await consul.instances(name, "skyline")).filter((instance) => instance.healthy);
    if (healthy.length > 0) services.set(name, endpoints(healthy));
  }
  const clusters = new Map<string, { address: string; port: number }[]>();
  for (const worker of await consul.instances(WORKER_SERVICE)) {
    const cluster = worker.meta["cluster"] ?? "";
    if (worker.healthy) clusters.set(cluster, [...(clusters.get(cluster) ?? []), worker]);
  }
  const text = await consul.get(`skyline/${environment}/dial`);
  const dial =
    text === undefined ? { generation: 0, weights: initialWeights } : (JSON.parse(text) as Routes["dial"]);
  return {
    services: Object.fromEntries(services),
    clusters: Object.fromEntries([...clusters].map(([name, workers]) => [name, endpoints(workers)])),
    dial: { generation: dial.generation, weights: withoutZero(dial.weights) },
  };
}

export const routesOf = ({ services, clusters, weights, dialGeneration }: Model): Routes => ({
  services: mapValues(services, (found) => found.map(([address, port]) => `${address}:${port}`).sort()),
  clusters: mapValues(clusters, (found) => found.map(([address, port]) => `${address}:${port}`).sort()),
  dial: { generation: dialGeneration, weights: withoutZero(weights) },
});

/** Why a node does not serve these routes yet, or undefined when it does. */
export async function differs(node: Chooser, wanted: Routes): Promise<string | undefined> {
  const has = routesOf(node.live().model);
  for (const part of ["services", "clusters", "dial"] as const) {
    if (!isDeepStrictEqual(has[part], wanted[part])) {
      return `${node.name} has ${part} ${short(has[part])}, wanted ${short(wanted[part])}`;
    }
  }
  return node.unconfirmed();
}

const isRouted = (name: string) =>
  SERVICE_NAME.test(name) && ![...RESERVED_SERVICES, ...DENIED_SERVICE_NAMES].includes(name);

const endpoints = (found: readonly { address: string; port: number }[]) =>
  found.map(({ address, port }) => `${address}:${port}`).sort();

const withoutZero = (weights: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0));

const mapValues = <From, To>(from: Readonly<Record<string, From>>, to: (value: From) => To) =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value)]));

const short = (value: unknown) => {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};
