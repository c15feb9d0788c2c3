import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { NetworkInterface } from "@cdktf/provider-aws/lib/network-interface";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { etcdHost } from "../../../environment/naming";
import { encodeUserData } from "../../user-data";
import { renderEtcdMember } from "./bootstrap/etcd-member";
import type { EtcdProps } from "./etcd";
import { EtcdMemberRole } from "./etcd-member-role";
import { LeaveHook } from "../../instances/leave-hook";
import { groupSettings } from "../../instances/group-settings";
import { NodeTemplate } from "../../instances/node-template";
import { nodePlace, nodeTags, subnetOf } from "./place";
import type { SnapshotBucket } from "../../instances/snapshot-bucket";

export interface EtcdMemberProps extends EtcdProps {
  readonly members: number;
  /** Which member this is, from 0, and which zone it is in. */
  readonly index: number;
  readonly snapshots: SnapshotBucket;
}

/** Places in the user data of what is known only at apply. */
const PLACES = {
  volumeId: "@@VOLUME_ID@@",
  interfaceId: "@@INTERFACE_ID@@",
  address: "@@ADDRESS@@",
  snapshotKeyArn: "@@SNAPSHOT_KEY_ARN@@",
} as const;

/**
 * A member that leaves says each minute that it is still at it, until all others are well. Where the cluster may be
 * destroyed, that is too late for the hook: the last members would wait for others that do not come back.
 */
const UNPROTECTED_LEAVE_SECONDS = 30;

/**
 * A person has a working day's hours to make the others well. Below a hundred times the hook's heartbeat, after which
 * EC2 Auto Scaling would let the instance go without a word.
 */
const LEAVE_LIMIT_SECONDS = 8 * 60 * 60;

/**
 * A member of etcd: a group of one instance in one zone, to which the same volume and network interface come back. Its
 * group has no instance refresh: a changed template takes effect when a person ends the instance, one member at a time.
 */
export class EtcdMember extends Construct {
  constructor(scope: Construct, id: string, props: EtcdMemberProps) {
    super(scope, id);
    const { place, index, snapshots } = props;
    const name = `${place.name}-etcd-${index}`;
    const volume = new EbsVolume(this, "volume", {
      availabilityZone: place.zones[index] as string,
      type: "gp3",
      size: props.volumeGiB,
      encrypted: true,
      kmsKeyId: place.keyArn,
      tags: { Name: name },
      lifecycle: { preventDestroy: place.deletionProtection },
    });
    const subnetId = subnetOf(place.network, index);
    const networkInterface = new NetworkInterface(this, "interface", {
      subnetId,
      securityGroups: [props.securityGroupId],
      description: `etcd member ${index} of the Kubernetes cluster ${place.name}`,
      tags: { Name: name },
    });
    new Route53Record(this, "name", {
      zoneId: place.network.privateZoneId,
      name: etcdHost(index, place.clusterName, place.domain),
      type: "A",
      ttl: 60,
      records: [networkInterface.privateIp],
    });
    const role = new EtcdMemberRole(this, "role", {
      place,
      index,
      name,
      volumeArn: volume.arn,
      interfaceArn: networkInterface.arn,
      snapshotsArn: snapshots.arn,
    });

    const tags = nodeTags(place, name);
    const template = new NodeTemplate(this, "template", {
      place,
      name,
      description: `etcd member ${index} of the Kubernetes cluster ${place.name}`,
      image: props.image,
      instanceType: props.instanceType,
      volumeGiB: 20,
      profileArn: role.profileArn,
      securityGroupIds: [props.securityGroupId],
      userData: encodeUserData(
        renderEtcdMember({
          ...nodePlace(place),
          ...PLACES,
          index,
          members: props.members,
          snapshotBucket: snapshots.bucketName,
          group: name,
          lifecycleHook: LeaveHook.hookName,
          leaveLimitSeconds: place.deletionProtection ? LEAVE_LIMIT_SECONDS : UNPROTECTED_LEAVE_SECONDS,
        }),
        {
          [PLACES.volumeId]: volume.id,
          [PLACES.interfaceId]: networkInterface.id,
          [PLACES.address]: networkInterface.privateIp,
          [PLACES.snapshotKeyArn]: place.keyArn,
        },
      ),
      tags,
      after: role.rights,
    });
    const group = new AutoscalingGroup(this, "group", {
      ...groupSettings(place, name, tags),
      minSize: 1,
      maxSize: 1,
      desiredCapacity: 1,
      vpcZoneIdentifier: [subnetId],
      // An unwell etcd is for a person to look at; an instance that is gone is replaced.
      healthCheckType: "EC2",
      healthCheckGracePeriod: 300,
      launchTemplate: { id: template.templateId, version: template.version },
    });
    new LeaveHook(this, "leave", {
      groupName: group.name,
      heartbeatSeconds: place.deletionProtection ? undefined : UNPROTECTED_LEAVE_SECONDS,
    });
  }
}
