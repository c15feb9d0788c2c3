import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { apiHost, kubernetesPorts } from "../../../environment/naming";
import { shortName } from "../../short-name";
import type { ClusterPlace } from "./place";

export interface ApiBalancerProps {
  readonly place: ClusterPlace;
  readonly securityGroupId: string;
}

/** The API's address: an internal network load balancer in front of the controllers that are ready, and its name. */
export class ApiBalancer extends Construct {
  readonly targetGroupArn: string;

  constructor(scope: Construct, id: string, { place, securityGroupId }: ApiBalancerProps) {
    super(scope, id);
    const name = shortName(`${place.name}-api`, 32);
    const balancer = new Lb(this, "balancer", {
      name,
      loadBalancerType: "network",
      internal: true,
      subnets: place.network.privateSubnetIds,
      securityGroups: [securityGroupId],
      // A zone without a ready controller goes on serving.
      enableCrossZoneLoadBalancing: true,
      enableDeletionProtection: place.deletionProtection,
      tags: { Name: `${place.name}-api` },
    });
    const targets = new LbTargetGroup(this, "targets", {
      name,
      vpcId: place.network.vpcId,
      targetType: "instance",
      protocol: "TCP",
      port: kubernetesPorts.apiServer,
      // With it, whoever runs on a controller could not reach the API by the balancer: packets come back to their sender.
      preserveClientIp: "false",
      // Watches last for hours: a controller that leaves has a minute for requests, then its connections are closed.
      deregistrationDelay: "60",
      connectionTermination: true,
      healthCheck: {
        protocol: "HTTPS",
        path: "/readyz",
        port: "traffic-port",
        matcher: "200",
        interval: 10,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
      tags: { Name: `${place.name}-api` },
    });
    this.targetGroupArn = targets.arn;
    new LbListener(this, "listener", {
      loadBalancerArn: balancer.arn,
      protocol: "TCP",
      port: kubernetesPorts.balancer,
      defaultAction: [{ type: "forward", targetGroupArn: targets.arn }],
    });
    new Route53Record(this, "name", {
      zoneId: place.network.privateZoneId,
      name: apiHost(place.clusterName, place.domain),
      type: "A",
      alias: { name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false },
    });
  }
}
