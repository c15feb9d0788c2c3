import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Token, type TerraformRemoteState } from "cdktf";
import type { Construct } from "constructs";
import { registry, stackNames } from "../environment/naming";
import type { Environment } from "../environment/schema";
import type { Network } from "../constructs/network/network";
import { Vpc } from "../constructs/network/vpc";
import { EnvironmentStack } from "./environment-stack";

/** `<env>-network`: the VPC, the private zone, and what all clusters of the environment share. */
export class NetworkStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, stackNames.network(environment.environment), environment);
    this.useAws();
    const { network } = environment;
    const vpc = new Vpc(this, "vpc", {
      name: environment.environment,
      region: environment.region,
      cidr: network.cidr,
      zones: network.zones,
      nat: network.nat,
      domain: environment.domain,
    });

    // Seeded from the file, then moved by a promotion alone: an apply must not undo a cutover.
    const active = Object.entries(environment.clusters).find(([, cluster]) => cluster.role === "active");
    new SsmParameter(this, "active-cluster", {
      name: registry.active(environment.environment),
      description: "Name of the active cluster; moved by a promotion, not by Terraform",
      type: "String",
      value: active?.[0],
      lifecycle: { ignoreChanges: ["value"] },
    });

    this.publish("vpc_id", vpc.vpcId, "VPC of the environment");
    this.publish("private_subnet_ids", vpc.privateSubnetIds, "One private subnet a zone");
    this.publish("public_subnet_ids", vpc.publicSubnetIds, "One public subnet a zone");
    this.publish("private_zone_id", vpc.privateZoneId, "Private hosted zone of the environment's domain");
  }
}

/** The network as other stacks read it from the network stack's outputs. */
export function networkFrom(outputs: TerraformRemoteState, cidr: string): Network {
  return {
    vpcId: outputs.getString("vpc_id"),
    cidr,
    privateSubnetIds: Token.asList(outputs.get("private_subnet_ids")),
    publicSubnetIds: Token.asList(outputs.get("public_subnet_ids")),
    privateZoneId: outputs.getString("private_zone_id"),
  };
}
