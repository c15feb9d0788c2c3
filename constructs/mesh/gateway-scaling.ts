import { AutoscalingPolicy } from "@cdktf/provider-aws/lib/autoscaling-policy";
import { Construct } from "constructs";

export interface GatewayScalingProps {
  readonly groupName: string;
  /** Share of CPU at which gateways are added, in percent. */
  readonly cpuPercent: number;
  /** Bytes that a gateway sends in a minute, at which gateways are added. */
  readonly networkBytes: number;
}

/** Moves the number of gateways with what they have to do: by CPU and by network, whichever asks for more. */
export class GatewayScaling extends Construct {
  constructor(scope: Construct, id: string, props: GatewayScalingProps) {
    super(scope, id);
    const track = (policyId: string, predefinedMetricType: string, targetValue: number) =>
      new AutoscalingPolicy(this, policyId, {
        name: policyId,
        autoscalingGroupName: props.groupName,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration: {
          predefinedMetricSpecification: { predefinedMetricType },
          targetValue,
        },
      });
    track("cpu", "ASGAverageCPUUtilization", props.cpuPercent);
    track("network", "ASGAverageNetworkOut", props.networkBytes);
  }
}
