import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { assumedBy, awsManagedPolicy, policy, type AwsPlace } from "../../iam";
import { consulAgentRights } from "../consul-agent/rights";

export interface NodeRoleProps extends AwsPlace {
  readonly name: string;
  readonly environment: string;
}

/** The role of all nodes of a cluster: join, pull images, be in Consul. Pods have roles of their own. */
export class NodeRole extends Construct {
  readonly arn: string;
  /** Rights that a node needs to join. */
  readonly rights: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    const role = new IamRole(this, "role", {
      name: `${props.name}-node`,
      assumeRolePolicy: assumedBy("ec2.amazonaws.com"),
    });
    this.arn = role.arn;
    const managed = (ruleId: string, name: string) =>
      new IamRolePolicyAttachment(this, ruleId, { role: role.name, policyArn: awsManagedPolicy(name) });
    const consul = new IamRolePolicy(this, "consul-agent", {
      name: "consul-agent",
      role: role.name,
      policy: policy(...consulAgentRights(props)),
    });
    this.rights = [
      managed("worker", "AmazonEKSWorkerNodePolicy"),
      managed("images", "AmazonEC2ContainerRegistryPullOnly"),
      consul,
    ];
  }
}
