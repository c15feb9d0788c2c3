import type { Construct } from "constructs";
import { skylineNamespaces } from "../environment/naming";
import type { EksClusterSpec, Environment } from "../environment/schema";
import { EksCluster } from "../constructs/cluster/eks/eks-cluster";
import { EndpointAccess } from "../constructs/cluster/eks/endpoint-access";
import type { Network } from "../constructs/network/network";
import { imageOf, scalingOf } from "./worker-settings";

/** An EKS cluster with its workers, as the environment says. */
export function eksCluster(
  scope: Construct,
  environment: Environment,
  name: string,
  spec: EksClusterSpec,
  network: Network,
): EksCluster {
  const cluster = new EksCluster(scope, "cluster", {
    environment: environment.environment,
    clusterName: name,
    account: environment.account,
    region: environment.region,
    network,
    version: spec.kubernetes,
    admins: environment.access.admins,
    deployer: environment.access.deployer,
    deployerNamespaces: skylineNamespaces(environment.mesh.service.namespace),
    addOns: spec.addOns,
    endpointAccess: spec.publicAccess
      ? EndpointAccess.privateAndPublicFrom(...spec.publicAccess.cidrs)
      : EndpointAccess.PRIVATE,
    clients: environment.network.clients,
    serviceCidr: spec.serviceCidr,
    deletionProtection: spec.deletionProtection && spec.role !== "retiring",
  });
  for (const [group, workers] of Object.entries(spec.workers)) {
    cluster.addNodeGroup(group, {
      scaling: scalingOf(workers.scaling),
      instanceTypes: workers.instanceTypes,
      image: imageOf(workers.image),
      volumeGiB: workers.volumeGiB,
      labels: workers.labels,
    });
  }
  return cluster;
}
