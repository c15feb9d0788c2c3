import type { Construct } from "constructs";
import { gatewayHost, ports, stackNames } from "../environment/naming";
import type { Environment } from "../environment/schema";
import { ClusterKey } from "../constructs/cluster/cluster-key";
import { LaunchRole } from "../constructs/instances/launch-role";
import { ConsulServers } from "../constructs/mesh/consul-servers";
import type { MeshPlace } from "../constructs/mesh/mesh-place";
import { SdbGateways } from "../constructs/mesh/sdb-gateways";
import { EnvironmentStack } from "./environment-stack";
import { networkFrom } from "./network-stack";
import { imageOf } from "./worker-settings";

/** `<env>-mesh`: the Consul servers and the gateways, which all clusters of the environment share. */
export class MeshStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, stackNames.mesh(environment.environment), environment);
    this.useAws();
    const { mesh, account } = environment;
    const name = `${environment.environment}-mesh`;
    const deletionProtection = mesh.deletionProtection;
    const launchRole = new LaunchRole(this, "launch-role", {
      name,
      launches: `Consul servers and gateways of the environment ${environment.environment}`,
    });
    const key = new ClusterKey(this, "key", {
      name,
      description: `Volumes and Consul snapshots of the environment ${environment.environment}`,
      account,
      statements: launchRole.keyStatements,
      deletionProtection,
    });
    const place: MeshPlace = {
      environment: environment.environment,
      account,
      region: environment.region,
      domain: environment.domain,
      network: networkFrom(
        this.outputsOf(stackNames.network(environment.environment)),
        environment.network.cidr,
      ),
      clients: environment.network.clients,
      keyArn: key.arn,
      launchRoleArn: launchRole.arn,
      deletionProtection,
    };
    const servers = new ConsulServers(this, "consul-servers", {
      ...mesh.consul,
      image: imageOf(mesh.consul.image),
      place,
    });
    const gateways = new SdbGateways(this, "gateways", {
      ...mesh.gateways,
      image: imageOf(mesh.gateways.image),
      place,
    });

    const address = `${gatewayHost(environment.domain)}:${ports.gateway}`;
    this.publish("gateway_address", address, "Where services are called by name");
    this.publish("gateway_security_group_id", gateways.securityGroupId, "Security group of the gateways");
    this.publish("consul_security_group_id", servers.securityGroupId, "Security group of the Consul servers");
    this.publish("consul_snapshot_bucket", servers.snapshotBucketName, "Bucket of Consul's snapshots");
  }
}
