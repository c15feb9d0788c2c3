import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role";
import { Construct } from "constructs";
import type { Statement } from "../iam";
import { shortName } from "../short-name";

export interface LaunchRoleProps {
  readonly name: string;
  /** What its groups launch: `nodes of the Kubernetes cluster …`. */
  readonly launches: string;
}

/**
 * The service-linked role with which the cluster's Auto Scaling groups launch instances on volumes that the cluster's
 * key encrypts. The account's default role is not used: a key policy that names it is refused as long as the account has
 * had no group, and would let every other group of the account use the key.
 */
export class LaunchRole extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: LaunchRoleProps) {
    super(scope, id);
    this.arn = new IamServiceLinkedRole(this, "role", {
      awsServiceName: "autoscaling.amazonaws.com",
      // A role's name has at most 64 characters, of which AWS puts 29 before this.
      customSuffix: shortName(props.name, 35),
      description: `Launches ${props.launches}`,
    }).arn;
  }

  /** What AWS asks of a key's policy ("Required AWS KMS key policy for use with encrypted volumes"). */
  get keyStatements(): Statement[] {
    const launch = (Sid: string, Action: string[], rest: Partial<Statement> = {}): Statement => ({
      Sid,
      Effect: "Allow",
      Principal: { AWS: this.arn },
      Action,
      Resource: ["*"],
      ...rest,
    });
    return [
      launch("LaunchOnEncryptedVolumes", [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
      ]),
      launch("LendToVolumes", ["kms:CreateGrant"], {
        Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
      }),
    ];
  }
}
