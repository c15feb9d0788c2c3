import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { allow, assumedBy, awsManagedPolicy, policy, type Statement } from "./iam";

export interface InstanceRoleProps {
  /** Name of role and instance profile, at most 64 characters. */
  readonly name: string;
  readonly statements: readonly Statement[];
  /**
   * Names of policies that AWS keeps.
   * @default []
   */
  readonly managedPolicies?: readonly string[];
}

/** What the agent of images needs for people to get onto the node. None of these knows a narrower resource. */
const BY_SESSION_MANAGER = allow(
  [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
  ],
  ["*"],
);

/**
 * The role of instances, with the profile in which they get it. People get onto all of them by Session Manager, whom IAM
 * lets start a session there.
 */
export class InstanceRole extends Construct {
  readonly roleName: string;
  readonly profileArn: string;
  /** Rights that an instance needs from its first second. */
  readonly rights: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: InstanceRoleProps) {
    super(scope, id);
    const role = new IamRole(this, "role", {
      name: props.name,
      assumeRolePolicy: assumedBy("ec2.amazonaws.com"),
    });
    this.roleName = role.name;
    this.profileArn = new IamInstanceProfile(this, "profile", { name: props.name, role: role.name }).arn;
    const own = new IamRolePolicy(this, "policy", {
      name: "own",
      role: role.name,
      policy: policy(...props.statements, BY_SESSION_MANAGER),
    });
    const managed = (props.managedPolicies ?? []).map(
      (name) =>
        new IamRolePolicyAttachment(this, name, { role: role.name, policyArn: awsManagedPolicy(name) }),
    );
    this.rights = [own, ...managed];
  }
}
