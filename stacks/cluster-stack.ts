import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import { registry, skylineNamespaces, stackNames, tagKeys } from "../environment/naming";
import type { Environment, NodeImageSpec, ScalingSpec } from "../environment/schema";
import { EksCluster } from "../constructs/cluster/eks/eks-cluster";
import { EndpointAccess } from "../constructs/cluster/eks/endpoint-access";
import { NodeImage } from "../constructs/cluster/node-image";
import { Scaling } from "../constructs/cluster/scaling";
import { EnvironmentStack } from "./environment-stack";
import { networkFrom } from "./network-stack";

/**
 * `<env>-cluster-<name>`: one cluster, its workers, and its entry in the registry.
 *
 * A cluster that is `removed` leaves an empty stack behind, so that an apply destroys what it held: CDKTF destroys
 * nothing of a stack that is missing from the app.
 *
 * @throws Error when the environment has no such cluster, or one of a kind that cannot be built yet
 */
export class ClusterStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment, name: string) {
    super(scope, stackNames.cluster(environment.environment, name), environment);
    const spec = clusterOf(environment, name);
    this.useAws({ [tagKeys.cluster]: name });
    if (spec.role === "removed") {
      return;
    }
    if (spec.kind === "self-managed") {
      throw new Error(`cluster ${name} is self-managed; only clusters of kind eks can be built yet`);
    }

    const cluster = new EksCluster(this, "cluster", {
      environment: environment.environment,
      clusterName: name,
      account: environment.account,
      region: environment.region,
      network: networkFrom(
        this.outputsOf(stackNames.network(environment.environment)),
        environment.network.cidr,
      ),
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

    new SsmParameter(this, "registry-entry", {
      name: registry.cluster(environment.environment, name),
      description: `Cluster ${name}: where it is and who deploys to it`,
      type: "String",
      value: cluster.registryEntry(),
    });
    this.publish("cluster_name", cluster.eksName, "Name of the cluster in AWS");
    this.publish("endpoint", cluster.endpoint, "URL of the API server");
    this.publish(
      "certificate_authority",
      cluster.certificateAuthority,
      "Authority of the API server, base64 of its PEM",
    );
    this.publish("worker_security_group_id", cluster.workerSecurityGroupId, "Security group of all workers");
  }
}

/** @throws Error when the environment has no cluster of that name */
export function clusterOf(environment: Environment, name: string) {
  const spec = environment.clusters[name];
  if (spec === undefined) {
    const known = Object.keys(environment.clusters).join(", ");
    throw new Error(`environment ${environment.environment} has no cluster ${name}; it has ${known}`);
  }
  return spec;
}

const scalingOf = (spec: ScalingSpec) =>
  "fixed" in spec ? Scaling.fixed(spec.fixed) : Scaling.managedByAutoscaler(spec);

function imageOf(spec: NodeImageSpec): NodeImage {
  if ("al2023" in spec) {
    return NodeImage.al2023(spec.release);
  }
  return "id" in spec ? NodeImage.id(spec.id) : NodeImage.ssm(spec.ssm);
}
