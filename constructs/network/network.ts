/** What clusters and gateways need to know of a network: made by {@link Vpc}, or written down for one that exists. */
export interface Network {
  readonly vpcId: string;
  /** IPv4 network of the VPC, `10.10.0.0/16`. */
  readonly cidr: string;
  /** One in each zone, for nodes and internal load balancers. */
  readonly privateSubnetIds: string[];
  /** One in each zone, for public load balancers and NAT. */
  readonly publicSubnetIds: string[];
  /** Route 53 private hosted zone of the environment's domain. */
  readonly privateZoneId: string;
}
