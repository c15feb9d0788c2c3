import { Route53ResolverEndpoint } from "@cdktf/provider-aws/lib/route53-resolver-endpoint";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";

export interface ResolverEndpointProps {
  readonly name: string;
  /** `inbound` answers questions that come from `peers`, `outbound` sends questions to them. */
  readonly direction: "inbound" | "outbound";
  readonly vpcId: string;
  /** In two zones at least: AWS takes no fewer, and one zone's loss must not end name resolution. */
  readonly subnetIds: readonly string[];
  /** Networks that the endpoint hears or asks, by name. Nothing else passes. */
  readonly peers: readonly { readonly name: string; readonly cidr: string }[];
}

const DNS = 53;

/** A Route 53 Resolver endpoint behind a security group that lets DNS through, and to or from the named networks alone. */
export class ResolverEndpoint extends Construct {
  readonly endpointId: string;
  /** Addresses of the endpoint, as many as there are subnets, known at apply. */
  readonly addresses: readonly string[];

  /** @throws Error when there are fewer than two subnets */
  constructor(scope: Construct, id: string, props: ResolverEndpointProps) {
    super(scope, id);
    if (props.subnetIds.length < 2) {
      throw new Error(
        `a resolver endpoint wants subnets in at least two zones; ${props.name} has ${props.subnetIds.length}`,
      );
    }
    const inbound = props.direction === "inbound";
    const group = new SecurityGroup(this, "security-group", {
      name: props.name,
      description: `DNS ${inbound ? "from" : "to"} ${props.peers.map((peer) => peer.name).join(", ")}`,
      vpcId: props.vpcId,
      tags: { Name: props.name },
    });
    for (const peer of props.peers) {
      for (const ipProtocol of ["udp", "tcp"]) {
        const Rule = inbound ? VpcSecurityGroupIngressRule : VpcSecurityGroupEgressRule;
        new Rule(this, `${peer.name}-${ipProtocol}`, {
          securityGroupId: group.id,
          description: `DNS ${inbound ? "from" : "to"} ${peer.name}`,
          cidrIpv4: peer.cidr,
          ipProtocol,
          fromPort: DNS,
          toPort: DNS,
        });
      }
    }

    const endpoint = new Route53ResolverEndpoint(this, "endpoint", {
      name: props.name,
      direction: props.direction.toUpperCase(),
      resolverEndpointType: "IPV4",
      protocols: ["Do53"],
      securityGroupIds: [group.id],
      ipAddress: props.subnetIds.map((subnetId) => ({ subnetId })),
      tags: { Name: props.name },
    });
    this.endpointId = endpoint.id;
    // AWS chooses the addresses, and the attribute is a set, which has no first element.
    const address = `${endpoint.terraformResourceType}.${endpoint.friendlyUniqueId}.ip_address`;
    this.addresses = props.subnetIds.map((_, i) => `\${tolist(${address})[${i}].ip}`);
  }
}
