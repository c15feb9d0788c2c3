import type { App } from "cdktf";
import type { Construct } from "constructs";
import {
  BaseStack,
  EksCluster,
  type Environment,
  type Network,
  NodeImage,
  PlatformStack,
  Scaling,
} from "skyline";

/** A network that was there before Skyline: it takes the place of the library's own. */
const existing: Network = {
  vpcId: "vpc-0a1b2c3d",
  cidr: "10.0.0.0/16",
  privateSubnetIds: ["subnet-0a", "subnet-0b", "subnet-0c"],
  publicSubnetIds: [],
  privateZoneId: "Z0123456789",
};

/** The library's cluster in a network that is not the library's, with a node group of the consumer's own. */
class OwnClusterStack extends BaseStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, `${environment.environment}-cluster-alpha`, environment);
    this.useAws();
    const spec = environment.clusters.alpha;
    if (spec?.kind !== "eks") {
      throw new Error("alpha is an EKS cluster here");
    }
    const cluster = new EksCluster(this, "cluster", {
      environment: environment.environment,
      clusterName: "alpha",
      account: environment.account,
      region: environment.region,
      network: existing,
      version: spec.kubernetes,
      admins: environment.access.admins,
      deployer: environment.access.deployer,
      addOns: spec.addOns,
    });
    cluster.addNodeGroup("spot", {
      scaling: Scaling.managedByAutoscaler({ min: 0, max: 9 }),
      instanceTypes: ["m7g.large"],
      image: NodeImage.al2023(),
    });
    this.publish("cluster_name", cluster.resourceName, "Name of the cluster in AWS");
    this.publish("endpoint", cluster.endpoint, "URL of the API server");
    this.publish("certificate_authority", cluster.certificateAuthority, "Authority of the API server");
  }
}

export function addStacks(app: App, environment: Environment): void {
  const cluster = new OwnClusterStack(app, environment);
  new PlatformStack(app, environment, "alpha").addDependency(cluster);
}
