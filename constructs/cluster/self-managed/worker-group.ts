import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { isControlPlanePart, SHORT_LABEL } from "../../../environment/naming";
import { policy } from "../../iam";
import { encodeUserData } from "../../user-data";
import { architectureOfAll } from "../architecture";
import type { NodeImage } from "../../instances/node-image";
import type { Scaling } from "../scaling";
import { renderWorker } from "./bootstrap/worker";
import { LaunchHook } from "../../instances/launch-hook";
import { LeaveHook } from "../../instances/leave-hook";
import { groupSettings } from "../../instances/group-settings";
import { NodeTemplate } from "../../instances/node-template";
import { nodePlace, nodeTags, type ClusterPlace } from "./place";
import { ownershipTag, type WorkerRole } from "./worker-role";

export interface WorkerGroupOptions {
  readonly scaling: Scaling;
  /** EC2 instance types of one architecture, the preferred one first. */
  readonly instanceTypes: readonly string[];
  /** An own image; a stock one of EKS is refused. */
  readonly image: NodeImage;
  /**
   * Size of the root volume in GiB.
   * @default 80
   */
  readonly volumeGiB?: number;
  /**
   * Kubernetes labels of the nodes.
   * @default {}
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Most pods on a node, which has 254 addresses for them.
   * @default 110
   */
  readonly maxPods?: number;
}

export interface WorkerGroupProps extends WorkerGroupOptions {
  readonly place: ClusterPlace;
  readonly groupName: string;
  readonly certificateAuthority: string;
  readonly serviceCidr: string;
  readonly securityGroupId: string;
  readonly role: WorkerRole;
}

const PLACES = { certificateAuthority: "@@CERTIFICATE_AUTHORITY@@" } as const;

const LAUNCH_HOOK = "ready";
/** From the launch until Kubernetes calls the node ready: two minutes where all is well. */
const LAUNCH_SECONDS = 900;
/** Above what `worker-leave` waits for pods whose budgets do not let them go. */
const LEAVE_LIMIT_SECONDS = 1200;

/**
 * A group of workers. Made by `SelfManagedCluster.addWorkers`. A changed template replaces them by itself, a tenth of
 * them at a time and with two halts. A new one counts once Kubernetes calls its node ready. Nothing goes back by itself
 * (`groupSettings`).
 *
 * @throws Error when the name is taken or no DNS label of at most 20 characters, the instance types differ in
 * architecture, or the image is EKS' stock one
 */
export class WorkerGroup extends Construct {
  constructor(scope: Construct, id: string, props: WorkerGroupProps) {
    super(scope, id);
    const { place, groupName, scaling, role } = props;
    if (!SHORT_LABEL.test(groupName) || isControlPlanePart(groupName)) {
      throw new Error(
        `${JSON.stringify(groupName)} is no name of a worker group; write a label like general`,
      );
    }
    architectureOfAll(props.instanceTypes);
    const name = `${place.name}-${groupName}`;
    const leave = new IamRolePolicy(this, "leave-policy", {
      name: `leave-${groupName}`,
      role: role.roleName,
      policy: policy(LeaveHook.completedBy(place, name)),
    });
    const tags = nodeTags(place, name);
    const template = new NodeTemplate(this, "template", {
      place,
      name,
      description: `Workers ${groupName} of the Kubernetes cluster ${place.name}`,
      image: props.image,
      volumeGiB: props.volumeGiB ?? 80,
      profileArn: role.profileArn,
      securityGroupIds: [props.securityGroupId],
      userData: encodeUserData(
        renderWorker({
          ...nodePlace(place),
          ...PLACES,
          serviceCidr: props.serviceCidr,
          maxPods: props.maxPods,
          labels: props.labels,
          group: name,
          launchHook: LAUNCH_HOOK,
          lifecycleHook: LeaveHook.hookName,
          leaveLimitSeconds: LEAVE_LIMIT_SECONDS,
        }),
        { [PLACES.certificateAuthority]: props.certificateAuthority },
      ),
      tags,
      after: [...role.rights, leave],
    });
    // The owner's tag goes to instances alone: the EBS driver may detach and delete volumes that have it.
    const settings = groupSettings(place, name, { ...tags, [ownershipTag(place)]: "owned" });
    const group = new AutoscalingGroup(this, "group", {
      ...settings,
      tag: scaling.ignoresDesired ? [...settings.tag, ...autoscalerTags(place)] : settings.tag,
      minSize: scaling.min,
      maxSize: scaling.max,
      desiredCapacity: scaling.desired,
      vpcZoneIdentifier: place.network.privateSubnetIds,
      healthCheckType: "EC2",
      healthCheckGracePeriod: 300,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandAllocationStrategy: "prioritized",
          onDemandPercentageAboveBaseCapacity: 100,
        },
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: template.templateId, version: template.version },
          override: props.instanceTypes.map((instanceType) => ({ instanceType })),
        },
      },
      instanceRefresh: {
        strategy: "Rolling",
        preferences: {
          minHealthyPercentage: 90,
          // After a tenth and after half of them there is time to look at what the new ones do.
          checkpointPercentages: [10, 50, 100],
          checkpointDelay: "600",
          instanceWarmup: "300",
          skipMatching: true,
        },
      },
      lifecycle: scaling.ignoresDesired ? { ignoreChanges: ["desired_capacity"] } : undefined,
    });
    // The group itself sees EC2's health alone, and would put workers whose kubelet never joins in the place of all others.
    new LaunchHook(this, "launch-hook", {
      groupName: group.name,
      hookName: LAUNCH_HOOK,
      seconds: LAUNCH_SECONDS,
    });
    new LeaveHook(this, "leave", { groupName: group.name });
  }
}

/** By which an autoscaler finds the groups that it may move. */
const autoscalerTags = (place: ClusterPlace) =>
  ["enabled", place.name].map((key) => ({
    key: `k8s.io/cluster-autoscaler/${key}`,
    value: "true",
    propagateAtLaunch: false,
  }));
