import { WORKER_SERVICE } from "../../../environment/naming";
import type { Consul } from "../../consul/client";
import { OperationFailure } from "../../failure";

interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number };
  readonly Checks: readonly { readonly Status: string }[];
}

interface CatalogueEntry {
  readonly Node: string;
  readonly Address: string;
  readonly ServiceAddress: string;
}

/** Instances of a Mesos service as the mesh sees them: tag `skyline`, and healthy when all checks pass. */
export interface MesosInstances {
  readonly healthy: readonly string[];
  readonly unhealthy: readonly string[];
}

/**
 * Reads a service's instances.
 *
 * @throws OperationFailure refused, when one of them is on a Kubernetes worker: gateways would send its requests to the
 * bridge there, which sends them to the gateways
 */
export async function mesosInstances(consul: Consul, name: string): Promise<MesosInstances> {
  const [entries = [], workers = []] = await Promise.all([
    consul.get<HealthEntry[]>(`/v1/health/service/${name}`, { tag: "skyline" }),
    consul.get<CatalogueEntry[]>(`/v1/catalog/service/${WORKER_SERVICE}`),
  ]);
  const addresses = new Map(
    workers.map(({ Node, Address, ServiceAddress }) => [ServiceAddress || Address, Node] as const),
  );
  for (const { Node, Service } of entries) {
    const worker = addresses.get(Service.Address || Node.Address);
    if (worker !== undefined) {
      throw new OperationFailure(
        "refused",
        `${name} is registered in Consul at ${endpoint(Node, Service)}, which is the Kubernetes worker ${worker}`,
        `requests would go round between gateways and bridge: deregister ${Service.ID}`,
      );
    }
  }
  const isHealthy = ({ Checks }: HealthEntry) => Checks.every(({ Status }) => Status === "passing");
  const show = (all: readonly HealthEntry[]) =>
    all.map(({ Node, Service }) => endpoint(Node, Service)).sort();
  return {
    healthy: show(entries.filter(isHealthy)),
    unhealthy: show(entries.filter((entry) => !isHealthy(entry))),
  };
}

const endpoint = (node: HealthEntry["Node"], service: HealthEntry["Service"]) =>
  `${service.Address || node.Address}:${service.Port}`;

/** What a Mesos service lacks to take traffic; undefined when it has it. @throws OperationFailure when there is none */
export function mesosLacks(name: string, { healthy, unhealthy }: MesosInstances): string | undefined {
  if (healthy.length > 0) {
    return undefined;
  }
  if (unhealthy.length === 0) {
    throw new OperationFailure(
      "refused",
      `Consul knows no instance of ${name} with the tag skyline`,
      "scale it up in Mesos first",
    );
  }
  return `none of its ${unhealthy.length} instances in Mesos passes its checks`;
}
