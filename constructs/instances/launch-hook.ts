import { AutoscalingLifecycleHook } from "@cdktf/provider-aws/lib/autoscaling-lifecycle-hook";
import type { Construct } from "constructs";

export interface LaunchHookProps {
  readonly groupName: string;
  readonly hookName: string;
  /** Seconds after its launch that a node has to say that it is in service. */
  readonly seconds: number;
}

/**
 * Holds a new node back until it says by itself that it does its work. One that never does is thrown away, and a refresh
 * does not go on with the nodes that it was to replace. A node says so with the rights of `LeaveHook.completedBy`.
 */
export class LaunchHook extends AutoscalingLifecycleHook {
  constructor(scope: Construct, id: string, props: LaunchHookProps) {
    super(scope, id, {
      name: props.hookName,
      autoscalingGroupName: props.groupName,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: props.seconds,
      defaultResult: "ABANDON",
    });
  }
}
