import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import { ports, registry, secretNames, tagKeys } from "../../environment/naming";
import type { NodeImage } from "../instances/node-image";
import { groupSettings } from "../instances/group-settings";
import { LeaveHook } from "../instances/leave-hook";
import { NodeTemplate } from "../instances/node-template";
import { allow, readParameter, readSecret } from "../iam";
import { InstanceRole } from "../instance-role";
import { encodeUserData } from "../user-data";
import { DRAIN_SECONDS, GatewayBalancer } from "./gateway-balancer";
import { renderGatewayNode } from "./gateway-user-data";
import { GatewayScaling } from "./gateway-scaling";
import type { MeshPlace } from "./mesh-place";
import { MeshSecurity } from "./mesh-security";

export interface SdbGatewaysOptions {
  /** Fewest gateways, three or more: one a zone. */
  readonly min: number;
  /** Most gateways. */
  readonly max: number;
  /** EC2 instance type. */
  readonly instanceType: string;
  /** An image of `images/`, for the role gateway. */
  readonly image: NodeImage;
  /**
   * Size of the root volume in GiB.
   * @default 20
   */
  readonly volumeGiB?: number;
  /**
   * CPU use in percent that scaling aims at.
   * @default 50
   */
  readonly cpuPercent?: number;
  /**
   * Bytes sent a gateway and minute that scaling aims at. The default is 60 % of the 0.78 Gbit/s that a `large` instance
   * of the seventh generation can always have.
   * @default 3_500_000_000
   */
  readonly networkBytes?: number;
}

export interface SdbGatewaysProps extends SdbGatewaysOptions {
  readonly place: MeshPlace;
}

/** Above the drain, NGINX' last requests and the agent's leave. */
const LEAVE_SECONDS = 300;

/**
 * The gateways (SDB, service discovery bridge) of an environment: NGINX behind `sdb.<domain>:5042`, over its zones. An
 * autoscaler moves their number; a changed template replaces them by itself, new ones first and with a halt after the
 * first third; each that goes is drained before. Nothing goes back by itself (`groupSettings`).
 *
 * @throws Error when there are fewer than three, more than `max`, or the image is EKS' stock one
 */
export class SdbGateways extends Construct {
  readonly securityGroupId: string;
  /** Security group of the load balancer. */
  readonly balancerSecurityGroupId: string;
  /** The load balancer's own name. */
  readonly balancerDnsName: string;

  constructor(scope: Construct, id: string, props: SdbGatewaysProps) {
    super(scope, id);
    const { place, min, max } = props;
    if (![min, max].every(Number.isInteger) || min < 3 || min > max) {
      throw new Error(`gateways want whole numbers 3 ≤ min ≤ max, not ${min} and ${max}`);
    }
    const name = `${place.environment}-gateways`;
    const { instances, balancer } = this.secure(place, name);
    this.securityGroupId = instances.groupId;
    this.balancerSecurityGroupId = balancer.groupId;
    const front = new GatewayBalancer(this, "balancer", { place, securityGroupId: balancer.groupId });
    this.balancerDnsName = front.dnsName;

    const role = new InstanceRole(this, "role", {
      name,
      statements: [
        readSecret(place, secretNames.consulGateways(place.environment)),
        // The agent joins servers by their tag; DescribeInstances knows no narrower resource.
        allow(["ec2:DescribeInstances"], ["*"]),
        // Where all goes until there is a dial.
        readParameter(place, registry.active(place.environment)),
        LeaveHook.completedBy(place, name),
      ],
    });
    const tags = { [tagKeys.environment]: place.environment, Name: name };
    const template = new NodeTemplate(this, "template", {
      place,
      name,
      description: `Gateways of the environment ${place.environment}`,
      image: props.image,
      instanceType: props.instanceType,
      volumeGiB: props.volumeGiB ?? 20,
      profileArn: role.profileArn,
      securityGroupIds: [instances.groupId],
      userData: encodeUserData(
        renderGatewayNode({
          environment: place.environment,
          region: place.region,
          group: name,
          lifecycleHook: LeaveHook.hookName,
          leaveLimitSeconds: LEAVE_SECONDS,
          drainSeconds: DRAIN_SECONDS,
        }),
        {},
      ),
      tags,
      after: role.rights,
    });
    const group = new AutoscalingGroup(this, "group", {
      ...groupSettings(place, name, tags),
      minSize: min,
      maxSize: max,
      vpcZoneIdentifier: place.network.privateSubnetIds,
      targetGroupArns: [front.targetGroupArn],
      healthCheckType: "ELB",
      healthCheckGracePeriod: 300,
      defaultInstanceWarmup: 120,
      launchTemplate: { id: template.templateId, version: template.version },
      // Also for a gateway that is broken: the new one comes before the old one goes.
      instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 200 },
      instanceRefresh: {
        strategy: "Rolling",
        preferences: {
          minHealthyPercentage: 100,
          maxHealthyPercentage: 200,
          // After a third there is time to look at what the new ones do.
          checkpointPercentages: [34, 100],
          checkpointDelay: "300",
          instanceWarmup: "120",
          skipMatching: true,
        },
      },
      // The policies' to decide. Left out above, where it would be put back at each apply.
      lifecycle: { ignoreChanges: ["desired_capacity"] },
    });
    new GatewayScaling(this, "scaling", {
      groupName: group.name,
      cpuPercent: props.cpuPercent ?? 50,
      networkBytes: props.networkBytes ?? 3_500_000_000,
    });
    new LeaveHook(this, "leave", { groupName: group.name, heartbeatSeconds: LEAVE_SECONDS });
  }

  private secure(place: MeshPlace, name: string) {
    const instances = new MeshSecurity(this, "security", {
      place,
      name,
      description: `Gateways of the environment ${place.environment}`,
    });
    const balancer = new MeshSecurity(this, "balancer-security", {
      place,
      name: `${name}-balancer`,
      description: `Load balancer of the gateways of the environment ${place.environment}`,
    });
    const callsFrom = (who: string, cidr: string) => ({
      description: `Calls from ${who}`,
      port: ports.gateway,
      peer: { cidr },
    });
    balancer.letIn("vpc", callsFrom("vpc", place.network.cidr));
    for (const client of place.clients ?? []) {
      balancer.letClientIn(client.name, callsFrom(client.name, client.cidr));
    }
    for (const [id, port, what] of [
      ["calls", ports.gateway, "Calls"],
      ["health", ports.health, "Health"],
    ] as const) {
      balancer.letOut(id, { description: what, port, peer: { group: instances.groupId } });
      instances.letIn(id, {
        description: `${what}, from the balancer`,
        port,
        peer: { group: balancer.groupId },
      });
    }
    // What it serves and how: read by whoever collects metrics, and by who moves traffic. Nothing can be changed there.
    const state = (cidr: string) => ({
      description: "Generation, dial and metrics",
      port: ports.health,
      peer: { cidr },
    });
    instances.letIn("state", state(place.network.cidr));
    for (const client of place.clients ?? []) instances.letClientIn(client.name, state(client.cidr));
    instances.openForConsul();
    instances.letOut("workers", {
      description: "Kubernetes workers and Mesos nodes",
      port: ports.inbound,
      peer: { cidr: place.network.cidr },
    });
    return { instances, balancer };
  }
}
