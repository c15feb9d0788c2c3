import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { Vpc as AwsVpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";
import { cidr as parse } from "../../environment/cidr";
import { zoneIndex } from "../../environment/naming";
import { FlowLogs } from "./flow-logs";
import type { Network } from "./network";
import { PublicRoutes } from "./public-routes";
import { ServiceEndpoints } from "./service-endpoints";
import { ZoneSubnets } from "./zone-subnets";

export interface VpcProps {
  /** Name of the network and prefix of what is in it. */
  readonly name: string;
  readonly region: string;
  /** IPv4 network, /16 to /20. Each zone has an eighth of it for nodes and a 64th for load balancers and NAT. */
  readonly cidr: string;
  /** At least three availability zones. */
  readonly zones: readonly string[];
  /**
   * `per-zone` survives the loss of a zone; `single` is cheaper.
   * @default "per-zone"
   */
  readonly nat?: "per-zone" | "single";
  /** Domain of the private hosted zone. */
  readonly domain: string;
  /**
   * Days that flow logs are kept.
   * @default 30
   */
  readonly flowLogRetentionDays?: number;
}

/**
 * The network of an environment: a VPC over at least three zones, with private and public subnets, NAT, endpoints of S3
 * and ECR, flow logs and the private hosted zone.
 *
 * @throws Error when there are fewer than three zones or two have the same letter
 */
export class Vpc extends Construct implements Network {
  readonly vpcId: string;
  readonly cidr: string;
  readonly privateSubnetIds: string[];
  readonly publicSubnetIds: string[];
  readonly privateZoneId: string;

  constructor(scope: Construct, id: string, props: VpcProps) {
    super(scope, id);
    if (props.zones.length < 3 || new Set(props.zones.map(zoneIndex)).size < props.zones.length) {
      throw new Error(
        `a network wants at least three different zones, not ${props.zones.join(", ") || "none"}`,
      );
    }
    this.cidr = props.cidr;

    const vpc = new AwsVpc(this, "vpc", {
      cidrBlock: props.cidr,
      // Both are needed to resolve private endpoints of EKS and the private hosted zone.
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: { Name: props.name },
    });
    this.vpcId = vpc.id;

    // Without any rule: what is put into a VPC with no security group of its own reaches nothing.
    new DefaultSecurityGroup(this, "default-security-group", {
      vpcId: vpc.id,
      tags: { Name: `${props.name}-unused` },
    });

    const gateway = new InternetGateway(this, "internet-gateway", {
      vpcId: vpc.id,
      tags: { Name: props.name },
    });
    const publicRoutes = new PublicRoutes(this, "public-routes", {
      name: props.name,
      vpcId: vpc.id,
      gateway,
    });

    let sharedNat: string | undefined;
    const network = parse(props.cidr);
    // In the order of their letters and not of the list, so that reordering the list moves no single NAT gateway.
    const subnets = [...props.zones].sort().map((zone) => {
      const subnet = new ZoneSubnets(this, zone, {
        name: props.name,
        vpcId: vpc.id,
        network,
        zone,
        publicRoutes,
        natGatewayId: sharedNat,
      });
      sharedNat = props.nat === "single" ? subnet.natGatewayId : undefined;
      return subnet;
    });
    this.privateSubnetIds = subnets.map((subnet) => subnet.privateSubnetId);
    this.publicSubnetIds = subnets.map((subnet) => subnet.publicSubnetId);

    new ServiceEndpoints(this, "endpoints", {
      name: props.name,
      region: props.region,
      vpcId: vpc.id,
      cidr: props.cidr,
      subnetIds: this.privateSubnetIds,
      routeTableIds: subnets.map((subnet) => subnet.privateRouteTableId),
    });
    new FlowLogs(this, "flow-logs", {
      name: props.name,
      vpcId: vpc.id,
      retentionDays: props.flowLogRetentionDays ?? 30,
    });

    const zone = new Route53Zone(this, "private-zone", {
      name: props.domain,
      comment: `Private names of ${props.name}`,
      vpc: [{ vpcId: vpc.id }],
      tags: { Name: props.domain },
      // Associations with other networks are made elsewhere, and an apply would undo them.
      lifecycle: { ignoreChanges: ["vpc"] },
    });
    this.privateZoneId = zone.zoneId;
  }
}
