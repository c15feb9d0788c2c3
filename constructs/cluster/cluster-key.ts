import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { policy, type Statement } from "../iam";

export interface ClusterKeyProps {
  readonly name: string;
  /** What the key encrypts. */
  readonly description: string;
  readonly account: string;
  /** Who uses the key without being allowed to by an IAM policy of the account. */
  readonly statements: readonly Statement[];
  /** Refuse plans that destroy the key, and with it everything that it encrypts, as long as the key is in the code. */
  readonly deletionProtection: boolean;
}

/** The key of a cluster. Its admin is the account, never whoever applied last. */
export class ClusterKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: ClusterKeyProps) {
    super(scope, id);
    const key = new KmsKey(this, "key", {
      description: props.description,
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
        ...props.statements,
      ),
      tags: { Name: props.name },
      lifecycle: { preventDestroy: props.deletionProtection },
    });
    new KmsAlias(this, "alias", { name: `alias/skyline/${props.name}`, targetKeyId: key.keyId });
    this.arn = key.arn;
  }
}
