import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import { consulPorts, secretNames, tagKeys } from "../../environment/naming";
import type { NodeImage } from "../instances/node-image";
import { groupSettings } from "../instances/group-settings";
import { LaunchHook } from "../instances/launch-hook";
import { LeaveHook } from "../instances/leave-hook";
import { NodeTemplate } from "../instances/node-template";
import { SnapshotBucket } from "../instances/snapshot-bucket";
import { allow, readSecret } from "../iam";
import { InstanceRole } from "../instance-role";
import { encodeUserData } from "../user-data";
import { renderConsulServerNode } from "./consul-user-data";
import type { MeshPlace } from "./mesh-place";
import { MeshSecurity } from "./mesh-security";

export interface ConsulServersOptions {
  /** Number of servers: odd, three or more. */
  readonly servers: number;
  /** EC2 instance type. */
  readonly instanceType: string;
  /** An image of `images/`, for the role gateway. */
  readonly image: NodeImage;
  /**
   * Size of the root volume in GiB, on which Consul's data is.
   * @default 40
   */
  readonly volumeGiB?: number;
}

export interface ConsulServersProps extends ConsulServersOptions {
  readonly place: MeshPlace;
}

const LAUNCH_HOOK = "voter";
/** Above what `consul-setup` and `consul-ready` wait for in all. */
const LAUNCH_SECONDS = 1800;
/** Above what `consul-leave` waits for. */
const LEAVE_SECONDS = 900;

const PLACES = { snapshotKeyArn: "@@SNAPSHOT_KEY_ARN@@" } as const;

/**
 * The Consul servers of an environment, over its zones. A changed template replaces them one by one: a new one is in
 * service once it is a healthy voter, and an old one leaves the quorum in order only after that, so there are never fewer
 * voters than `servers`.
 *
 * Secrets are not in Terraform: `skyline pki init` makes them before, and the servers' role reads its own alone.
 *
 * @throws Error when the number of servers is even or below three, or the image is EKS' stock one
 */
export class ConsulServers extends Construct {
  readonly securityGroupId: string;
  readonly snapshotBucketName: string;

  constructor(scope: Construct, id: string, props: ConsulServersProps) {
    super(scope, id);
    const { place, servers } = props;
    if (!Number.isInteger(servers) || servers < 3 || servers % 2 === 0) {
      throw new Error(`Consul wants an odd number of servers, three or more, not ${servers}`);
    }
    const name = `${place.environment}-consul-servers`;
    const security = new MeshSecurity(this, "security", {
      place,
      name,
      description: `Consul servers of the environment ${place.environment}`,
    });
    security.openForConsul();
    security.letIn("rpc", {
      description: "RPC of Consul agents and of the other servers",
      port: consulPorts.serverRpc,
      peer: { cidr: place.network.cidr },
    });
    this.securityGroupId = security.groupId;

    const snapshots = new SnapshotBucket(this, "snapshots", {
      place: { ...place, name: place.environment },
      of: "consul",
    });
    this.snapshotBucketName = snapshots.bucketName;

    const role = new InstanceRole(this, "role", {
      name,
      statements: [
        readSecret(place, secretNames.consulServers(place.environment)),
        // A server joins the others by their tag; DescribeInstances knows no narrower resource.
        allow(["ec2:DescribeInstances"], ["*"]),
        LeaveHook.completedBy(place, name),
        allow(["s3:PutObject"], [`${snapshots.arn}/*`]),
        // To write encrypted objects: the second is for those of several parts.
        allow(["kms:GenerateDataKey", "kms:Decrypt"], [place.keyArn], {
          Condition: { StringEquals: { "kms:ViaService": `s3.${place.region}.amazonaws.com` } },
        }),
      ],
    });

    const tags = {
      [tagKeys.environment]: place.environment,
      [tagKeys.consul]: place.environment,
      Name: name,
    };
    const template = new NodeTemplate(this, "template", {
      place,
      name,
      description: `Consul servers of the environment ${place.environment}`,
      image: props.image,
      instanceType: props.instanceType,
      volumeGiB: props.volumeGiB ?? 40,
      profileArn: role.profileArn,
      securityGroupIds: [security.groupId],
      userData: encodeUserData(
        renderConsulServerNode({
          environment: place.environment,
          region: place.region,
          servers,
          group: name,
          launchHook: LAUNCH_HOOK,
          lifecycleHook: LeaveHook.hookName,
          leaveLimitSeconds: LEAVE_SECONDS,
          snapshotBucket: snapshots.bucketName,
          ...PLACES,
        }),
        { [PLACES.snapshotKeyArn]: place.keyArn },
      ),
      tags,
      after: role.rights,
    });

    const healthy = { minHealthyPercentage: 100, maxHealthyPercentage: 100 + Math.ceil(100 / servers) };
    const group = new AutoscalingGroup(this, "group", {
      ...groupSettings(place, name, tags),
      minSize: servers,
      // Room for the new one, which comes before the old one goes.
      maxSize: servers + 1,
      desiredCapacity: servers,
      vpcZoneIdentifier: place.network.privateSubnetIds,
      // Not by Consul's own health: without a leader no server is healthy, and replacing them all would lose the data.
      healthCheckType: "EC2",
      healthCheckGracePeriod: 300,
      launchTemplate: { id: template.templateId, version: template.version },
      // Also for an instance that EC2 finds broken, and when zones are evened out.
      instanceMaintenancePolicy: healthy,
      instanceRefresh: {
        strategy: "Rolling",
        preferences: {
          ...healthy,
          instanceWarmup: "60",
          skipMatching: true,
        },
      },
    });
    // A server that becomes no voter is thrown away, and the one that it was to replace stays.
    new LaunchHook(this, "launch-hook", {
      groupName: group.name,
      hookName: LAUNCH_HOOK,
      seconds: LAUNCH_SECONDS,
    });
    new LeaveHook(this, "leave", { groupName: group.name, heartbeatSeconds: LEAVE_SECONDS });
  }
}
