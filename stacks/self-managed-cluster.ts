import type { Construct } from "constructs";
import type { Environment, SelfManagedClusterSpec } from "../environment/schema";
import { SelfManagedCluster } from "../constructs/cluster/self-managed/self-managed-cluster";
import type { Network } from "../constructs/network/network";
import { imageOf, scalingOf } from "./worker-settings";

/** A self-managed cluster with its workers, as the environment says. */
export function selfManagedCluster(
  scope: Construct,
  environment: Environment,
  name: string,
  spec: SelfManagedClusterSpec,
  network: Network,
): SelfManagedCluster {
  const cluster = new SelfManagedCluster(scope, "cluster", {
    environment: environment.environment,
    clusterName: name,
    account: environment.account,
    region: environment.region,
    network,
    // The network's subnets are in this order, whatever the file's is.
    zones: [...environment.network.zones].sort(),
    domain: environment.domain,
    version: spec.kubernetes,
    admins: environment.access.admins,
    deployer: environment.access.deployer,
    etcd: { ...spec.etcd, image: imageOf(spec.etcd.image) },
    controllers: { ...spec.controllers, image: imageOf(spec.controllers.image) },
    clients: environment.network.clients,
    serviceCidr: spec.serviceCidr,
    podCidr: spec.podCidr,
    deletionProtection: spec.deletionProtection && spec.role !== "retiring",
  });
  for (const [group, workers] of Object.entries(spec.workers)) {
    cluster.addWorkers(group, {
      scaling: scalingOf(workers.scaling),
      instanceTypes: workers.instanceTypes,
      image: imageOf(workers.image),
      volumeGiB: workers.volumeGiB,
      labels: workers.labels,
    });
  }
  return cluster;
}
