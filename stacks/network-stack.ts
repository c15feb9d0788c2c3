import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn, propertyAccess, Token, type TerraformRemoteState } from "cdktf";
import type { Construct } from "constructs";
import { registry, stackNames } from "../environment/naming";
import type { Environment } from "../environment/schema";
import { ActiveApiName } from "../constructs/network/active-api-name";
import type { EndpointDns } from "../constructs/network/endpoint-dns/forward-rules";
import { PrivateEndpointDns } from "../constructs/network/endpoint-dns/private-endpoint-dns";
import type { Network } from "../constructs/network/network";
import { Vpc } from "../constructs/network/vpc";
import { EnvironmentStack } from "./environment-stack";

/**
 * `<env>-network`: the VPC, the private zone, and what all clusters of the environment share.
 *
 * @throws Error when no cluster is active
 */
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
    const active = activeClusterOf(environment);
    new SsmParameter(this, "active-cluster", {
      name: registry.active(environment.environment),
      description: "Name of the active cluster; moved by a promotion, not by Terraform",
      type: "String",
      value: active,
      lifecycle: { ignoreChanges: ["value"] },
    });

    const selfManaged = Object.entries(environment.clusters)
      .filter(([, cluster]) => cluster.kind === "self-managed" && cluster.role !== "removed")
      .map(([name]) => name);
    const [first] = selfManaged;
    if (first !== undefined) {
      new ActiveApiName(this, "active-api", {
        zoneId: vpc.privateZoneId,
        domain: environment.domain,
        clusterName: selfManaged.find((name) => name === active) ?? first,
      });
    }

    if (network.endpointDns !== undefined) {
      const dns = new PrivateEndpointDns(this, "endpoint-dns", {
        name: environment.environment,
        network: vpc,
        domain: environment.domain,
        clients: network.clients,
        shareWith: network.endpointDns.shareWith,
      });
      this.publish(
        "resolver_addresses",
        [...dns.inboundAddresses],
        "Addresses that answer for private names",
      );
      this.publish(
        "resolver_outbound_endpoint_ids",
        Object.fromEntries(dns.clients.map((client) => [client.name, client.outboundEndpointId])),
        "Resolver endpoint in each client network",
      );
    }

    this.publish("vpc_id", vpc.vpcId, "VPC of the environment");
    this.publish("private_subnet_ids", vpc.privateSubnetIds, "One private subnet a zone");
    this.publish("public_subnet_ids", vpc.publicSubnetIds, "One public subnet a zone");
    this.publish("private_zone_id", vpc.privateZoneId, "Private hosted zone of the environment's domain");
  }
}

/** An environment that did not come through `defineEnvironment` or a file may have none. */
function activeClusterOf({ environment, clusters }: Environment): string {
  const active = Object.entries(clusters).find(([, { role }]) => role === "active");
  if (active === undefined) {
    throw new Error(
      `environment ${environment} has no active cluster, with which its network starts; make it with defineEnvironment`,
    );
  }
  return active[0];
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

/** The endpoint DNS as cluster stacks read it; undefined when the environment has none. */
export function endpointDnsFrom(
  outputs: TerraformRemoteState,
  network: Environment["network"],
): EndpointDns | undefined {
  if (network.endpointDns === undefined) {
    return undefined;
  }
  const addresses = Token.asList(outputs.get("resolver_addresses"));
  const endpoints = outputs.get("resolver_outbound_endpoint_ids");
  return {
    inboundAddresses: network.zones.map((_, i) => Token.asString(Fn.element(addresses, i))),
    clients: network.clients.map(({ name, vpc }) => ({
      name,
      vpc,
      outboundEndpointId: Token.asString(propertyAccess(endpoints, [name])),
    })),
    shareWith: network.endpointDns.shareWith,
  };
}
