import type { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { Construct } from "constructs";

export interface PublicRoutesProps {
  readonly name: string;
  readonly vpcId: string;
  readonly gateway: InternetGateway;
}

/** The route table of the public subnets: everything outside goes to the internet gateway. */
export class PublicRoutes extends Construct {
  readonly routeTableId: string;
  readonly internetRoute: Route;

  constructor(scope: Construct, id: string, props: PublicRoutesProps) {
    super(scope, id);
    const table = new RouteTable(this, "table", {
      vpcId: props.vpcId,
      tags: { Name: `${props.name}-public` },
    });
    this.internetRoute = new Route(this, "internet", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: props.gateway.id,
    });
    this.routeTableId = table.id;
  }
}
