import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { gatewayHost, ports } from "../../environment/naming";
import type { MeshPlace } from "./mesh-place";

export interface GatewayBalancerProps {
  readonly place: MeshPlace;
  readonly securityGroupId: string;
}

const HEALTH = { interval: 10, unhealthyThreshold: 2 } as const;

/** Seconds in which the balancer has stopped sending to a gateway that is not ready: its checks, and as long to spread. */
export const DRAIN_SECONDS = 2 * HEALTH.interval * HEALTH.unhealthyThreshold;

/** The gateways' address: an internal network load balancer in front of those that are ready, and `sdb.<domain>`. */
export class GatewayBalancer extends Construct {
  readonly targetGroupArn: string;
  readonly dnsName: string;

  constructor(scope: Construct, id: string, { place, securityGroupId }: GatewayBalancerProps) {
    super(scope, id);
    const name = `${place.environment}-gateways`;
    const balancer = new Lb(this, "balancer", {
      name: name,
      loadBalancerType: "network",
      internal: true,
      subnets: place.network.privateSubnetIds,
      securityGroups: [securityGroupId],
      // Clients keep the address of one zone: it goes on serving while that zone's gateways are replaced.
      enableCrossZoneLoadBalancing: true,
      enableDeletionProtection: place.deletionProtection,
      tags: { Name: name },
    });
    this.dnsName = balancer.dnsName;
    const targets = new LbTargetGroup(this, "targets", {
      name: name,
      vpcId: place.network.vpcId,
      targetType: "instance",
      protocol: "TCP",
      port: ports.gateway,
      // With it, two connections of a client by two zones can meet at one gateway with the same addresses and ports.
      preserveClientIp: "false",
      // Connections that are open stay open when a gateway is to go: it ends them itself, between two requests.
      deregistrationDelay: "300",
      connectionTermination: false,
      targetHealthState: [{ enableUnhealthyConnectionTermination: false }],
      healthCheck: {
        protocol: "HTTP",
        path: "/ready",
        port: String(ports.health),
        matcher: "200",
        timeout: 5,
        healthyThreshold: 2,
        ...HEALTH,
      },
      tags: { Name: name },
    });
    this.targetGroupArn = targets.arn;
    new LbListener(this, "listener", {
      loadBalancerArn: balancer.arn,
      protocol: "TCP",
      port: ports.gateway,
      defaultAction: [{ type: "forward", targetGroupArn: targets.arn }],
    });
    new Route53Record(this, "name", {
      zoneId: place.network.privateZoneId,
      name: gatewayHost(place.domain),
      type: "A",
      alias: { name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false },
    });
  }
}
