import { AutoscalingLifecycleHook } from "@cdktf/provider-aws/lib/autoscaling-lifecycle-hook";
import { Construct } from "constructs";
import { allow, type Statement } from "../iam";
import type { InstancePlace } from "./instance-place";

export interface LeaveHookProps {
  readonly groupName: string;
  /**
   * Seconds after which a node that has not been heard of is let go. A node that leaves is heard of each minute.
   * @default 300
   */
  readonly heartbeatSeconds?: number;
}

/** Holds a node's termination until it has left in order. */
export class LeaveHook extends Construct {
  static readonly hookName = "leave";

  /** Lets the nodes of the group of that name, and no others, say that they are done. */
  static completedBy(place: Pick<InstancePlace, "account" | "region">, groupName: string): Statement {
    return allow(
      ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      [
        `arn:aws:autoscaling:${place.region}:${place.account}:autoScalingGroup:*:autoScalingGroupName/${groupName}`,
      ],
    );
  }

  constructor(scope: Construct, id: string, props: LeaveHookProps) {
    super(scope, id);
    new AutoscalingLifecycleHook(this, "hook", {
      name: LeaveHook.hookName,
      autoscalingGroupName: props.groupName,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: props.heartbeatSeconds ?? 300,
      defaultResult: "CONTINUE",
    });
  }
}
