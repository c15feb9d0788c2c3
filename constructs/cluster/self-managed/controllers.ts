import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { Construct } from "constructs";
import { secretNames } from "../../../environment/naming";
import { allow, secretArn } from "../../iam";
import { InstanceRole } from "../../instance-role";
import { encodeUserData } from "../../user-data";
import type { NodeImage } from "../../instances/node-image";
import { renderController } from "./bootstrap/controller";
import { groupSettings } from "../../instances/group-settings";
import { NodeTemplate } from "../../instances/node-template";
import { nodePlace, nodeTags, type ClusterPlace } from "./place";

export interface ControllerOptions {
  /**
   * Number of controllers, three or more.
   * @default 3
   */
  readonly count?: number;
  /** EC2 instance type. */
  readonly instanceType: string;
  readonly image: NodeImage;
}

export interface ControllersProps extends ControllerOptions {
  readonly place: ClusterPlace;
  readonly securityGroupId: string;
  readonly targetGroupArn: string;
  readonly etcdMembers: number;
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly admins: readonly string[];
  readonly deployer: string;
  /** ARNs of the roles whose instances may join. */
  readonly workerRoles: readonly string[];
}

const PLACES = { encryptionKeyArn: "@@ENCRYPTION_KEY_ARN@@" } as const;

/**
 * The controllers: API server, controller manager and scheduler on each, behind the balancer. They hold no state, so a
 * changed template replaces them by itself, one at a time: a new one is ready at the balancer before an old one goes.
 * Nothing goes back by itself (`groupSettings`).
 *
 * @throws Error when there are fewer than three
 */
export class Controllers extends Construct {
  constructor(scope: Construct, id: string, props: ControllersProps) {
    super(scope, id);
    const { place, count = 3 } = props;
    if (!Number.isInteger(count) || count < 3) {
      throw new Error(`cluster ${place.name} wants three controllers or more, not ${count}`);
    }
    const name = `${place.name}-controllers`;
    const role = new InstanceRole(this, "role", {
      name,
      statements: [
        allow(
          ["secretsmanager:GetSecretValue"],
          [secretArn(place, secretNames.controllers(place.environment, place.clusterName))],
        ),
        // Secrets of Kubernetes at rest, and nothing else that the key encrypts.
        allow(["kms:Encrypt", "kms:Decrypt"], [place.keyArn], {
          Condition: { StringEquals: { "kms:EncryptionContext:cluster": place.name } },
        }),
        // The authenticator asks for a worker's private name; DescribeInstances knows no narrower resource.
        allow(["ec2:DescribeInstances"], ["*"]),
      ],
    });
    const tags = nodeTags(place, name);
    const template = new NodeTemplate(this, "template", {
      place,
      name,
      description: `Controllers of the Kubernetes cluster ${place.name}`,
      image: props.image,
      instanceType: props.instanceType,
      volumeGiB: 40,
      profileArn: role.profileArn,
      securityGroupIds: [props.securityGroupId],
      userData: encodeUserData(
        renderController({
          ...nodePlace(place),
          ...PLACES,
          etcdMembers: props.etcdMembers,
          serviceCidr: props.serviceCidr,
          podCidr: props.podCidr,
          admins: props.admins,
          deployer: props.deployer,
          workerRoles: props.workerRoles,
        }),
        { [PLACES.encryptionKeyArn]: place.keyArn },
      ),
      tags,
      after: role.rights,
    });
    // All stay, and one more at a time: what one of them is of the whole, rounded up.
    const healthy = { minHealthyPercentage: 100, maxHealthyPercentage: 100 + Math.ceil(100 / count) };
    new AutoscalingGroup(this, "group", {
      ...groupSettings(place, name, tags),
      minSize: count,
      // Room for the new one, which comes before the old one goes.
      maxSize: count + 1,
      desiredCapacity: count,
      vpcZoneIdentifier: place.network.privateSubnetIds,
      targetGroupArns: [props.targetGroupArn],
      healthCheckType: "ELB",
      // At a cluster's first start the API waits for etcd.
      healthCheckGracePeriod: 600,
      launchTemplate: { id: template.templateId, version: template.version },
      // With etcd or the key away none is ready, and without this the group would end all of them at once.
      instanceMaintenancePolicy: healthy,
      instanceRefresh: {
        strategy: "Rolling",
        preferences: {
          ...healthy,
          instanceWarmup: "120",
          skipMatching: true,
        },
      },
    });
  }
}
