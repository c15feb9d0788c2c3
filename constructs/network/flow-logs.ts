import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { allow, assumedBy, policy } from "../iam";

export interface FlowLogsProps {
  readonly name: string;
  readonly vpcId: string;
  readonly retentionDays: number;
}

/** All traffic of the VPC, accepted and refused, as CloudWatch logs. */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, props: FlowLogsProps) {
    super(scope, id);
    const logs = new CloudwatchLogGroup(this, "log-group", {
      name: `/skyline/${props.name}/flow-logs`,
      retentionInDays: props.retentionDays,
    });
    const role = new IamRole(this, "role", {
      name: `${props.name}-flow-logs`,
      assumeRolePolicy: assumedBy("vpc-flow-logs.amazonaws.com"),
    });
    new IamRolePolicy(this, "write", {
      name: "write",
      role: role.name,
      policy: policy(
        allow(
          ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
          [logs.arn, Fn.join("", [logs.arn, ":*"])],
        ),
      ),
    });
    new FlowLog(this, "flow-log", {
      vpcId: props.vpcId,
      trafficType: "ALL",
      maxAggregationInterval: 60,
      logDestinationType: "cloud-watch-logs",
      logDestination: logs.arn,
      iamRoleArn: role.arn,
      tags: { Name: props.name },
    });
  }
}
