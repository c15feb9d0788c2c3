import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { allow, assumedBy, awsManagedPolicy, policy } from "../../iam";

export interface NodeRoleProps {
  readonly name: string;
}

/** The role of all nodes of a cluster: join, pull images, find the Consul servers. Pods have roles of their own. */
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
    const discovery = new IamRolePolicy(this, "find-consul", {
      name: "find-consul",
      role: role.name,
      // The agent joins servers by their tag; DescribeInstances knows no narrower resource.
      policy: policy(allow(["ec2:DescribeInstances"], ["*"])),
    });
    this.rights = [
      managed("worker", "AmazonEKSWorkerNodePolicy"),
      managed("images", "AmazonEC2ContainerRegistryPullOnly"),
      discovery,
    ];
  }
}
