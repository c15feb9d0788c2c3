import { Eip } from "@cdktf/provider-aws/lib/eip";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Construct } from "constructs";
import type { Cidr } from "../../environment/cidr";
import { privateNetwork, publicNetwork } from "../../environment/zone-networks";
import type { PublicRoutes } from "./public-routes";

export interface ZoneSubnetsProps {
  readonly name: string;
  readonly vpcId: string;
  readonly network: Cidr;
  readonly zone: string;
  readonly publicRoutes: PublicRoutes;
  /**
   * A NAT gateway of another zone.
   * @default - the zone gets its own
   */
  readonly natGatewayId?: string;
}

/** A zone's part of the network: a private subnet with its routes, a public one, and a NAT gateway. */
export class ZoneSubnets extends Construct {
  readonly privateSubnetId: string;
  readonly privateRouteTableId: string;
  readonly publicSubnetId: string;
  readonly natGatewayId: string;

  constructor(scope: Construct, id: string, props: ZoneSubnetsProps) {
    super(scope, id);
    const { name, vpcId, network, zone } = props;

    // Load balancer controllers find their subnets by the role tags. There is no kubernetes.io/cluster tag: several
    // clusters share the subnets, and a subnet that carries one cluster's tag is passed over by the others.
    const publicSubnet = new Subnet(this, "public", {
      vpcId,
      availabilityZone: zone,
      cidrBlock: publicNetwork(network, zone),
      mapPublicIpOnLaunch: false,
      tags: { Name: `${name}-public-${zone}`, "kubernetes.io/role/elb": "1" },
    });
    new RouteTableAssociation(this, "public-association", {
      subnetId: publicSubnet.id,
      routeTableId: props.publicRoutes.routeTableId,
    });
    this.publicSubnetId = publicSubnet.id;
    this.natGatewayId = props.natGatewayId ?? this.ownNatGateway(props, publicSubnet.id);

    const privateSubnet = new Subnet(this, "private", {
      vpcId,
      availabilityZone: zone,
      cidrBlock: privateNetwork(network, zone),
      tags: { Name: `${name}-private-${zone}`, "kubernetes.io/role/internal-elb": "1" },
    });
    // A table a zone even with a single NAT gateway, so that the way to one a zone is a change of routes alone.
    const table = new RouteTable(this, "private-routes", {
      vpcId,
      tags: { Name: `${name}-private-${zone}` },
    });
    new Route(this, "nat-route", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      natGatewayId: this.natGatewayId,
    });
    new RouteTableAssociation(this, "private-association", {
      subnetId: privateSubnet.id,
      routeTableId: table.id,
    });
    this.privateSubnetId = privateSubnet.id;
    this.privateRouteTableId = table.id;
  }

  private ownNatGateway(props: ZoneSubnetsProps, subnetId: string): string {
    const address = new Eip(this, "nat-address", {
      domain: "vpc",
      tags: { Name: `${props.name}-nat-${props.zone}` },
    });
    const nat = new NatGateway(this, "nat", {
      allocationId: address.id,
      subnetId,
      tags: { Name: `${props.name}-${props.zone}` },
      // A NAT gateway that comes up before the way out exists fails to become available.
      dependsOn: [props.publicRoutes.internetRoute],
    });
    return nat.id;
  }
}
