import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { policy } from "../../iam";

export interface ClusterKeyProps {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Name of the log group that the key also encrypts. */
  readonly logGroupName: string;
}

/** The key of a cluster's secrets and control plane logs. Its admin is the account, never whoever applied last. */
export class ClusterKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: ClusterKeyProps) {
    super(scope, id);
    const key = new KmsKey(this, "key", {
      description: `Secrets and control plane logs of the Kubernetes cluster ${props.name}`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: policy(
        {
          Sid: "Account",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${props.account}:root` },
          Action: ["kms:*"],
          Resource: ["*"],
        },
        {
          Sid: "ControlPlaneLogs",
          Effect: "Allow",
          Principal: { Service: `logs.${props.region}.amazonaws.com` },
          Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
          Resource: ["*"],
          Condition: {
            ArnEquals: {
              "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${props.region}:${props.account}:log-group:${props.logGroupName}`,
            },
          },
        },
      ),
      tags: { Name: props.name },
    });
    new KmsAlias(this, "alias", { name: `alias/skyline/${props.name}`, targetKeyId: key.keyId });
    this.arn = key.arn;
  }
}
