import { Construct } from "constructs";
import { secretNames } from "../../../environment/naming";
import { allow, secretArn, type Statement } from "../../iam";
import { InstanceRole } from "../../instance-role";
import { LeaveHook } from "../../instances/leave-hook";
import type { ClusterPlace } from "./place";

export interface EtcdMemberRoleProps {
  readonly place: ClusterPlace;
  readonly index: number;
  /** Name of the member's group and of its instances. */
  readonly name: string;
  readonly volumeArn: string;
  readonly interfaceArn: string;
  readonly snapshotsArn: string;
}

/** The role of one etcd member: its own secret, its own volume and interface, and writing snapshots. */
export class EtcdMemberRole extends InstanceRole {
  constructor(scope: Construct, id: string, props: EtcdMemberRoleProps) {
    const { place, name } = props;
    super(scope, id, {
      name,
      statements: [
        allow(
          ["secretsmanager:GetSecretValue"],
          [secretArn(place, secretNames.etcdMember(place.environment, place.clusterName, props.index))],
        ),
        ...attaching(props),
        // Neither knows a narrower resource.
        allow(["ec2:DescribeVolumes", "ec2:DescribeNetworkInterfaces"], ["*"]),
        LeaveHook.completedBy(place, name),
        allow(["s3:PutObject", "s3:GetObject"], [`${props.snapshotsArn}/*`]),
        allow(["s3:ListBucket"], [props.snapshotsArn]),
        ...usingKey(place),
      ],
    });
  }
}

/**
 * Attaching is asked of both sides: of the member's own volume or interface, and of an instance of the member. A member
 * detaches nothing: whoever had the volume before may still be writing.
 */
function attaching({ place, name, volumeArn, interfaceArn }: EtcdMemberRoleProps): Statement[] {
  const volume = ["ec2:AttachVolume"];
  const networkInterface = ["ec2:AttachNetworkInterface"];
  return [
    allow(volume, [volumeArn]),
    allow(networkInterface, [interfaceArn]),
    allow([...volume, ...networkInterface], [`arn:aws:ec2:${place.region}:${place.account}:instance/*`], {
      Condition: { StringEquals: { "aws:ResourceTag/Name": name } },
    }),
  ];
}

/** The key for EC2, which lends it to the volume, and for S3, which encrypts snapshots: never by the member itself. */
function usingKey({ region, keyArn }: ClusterPlace): Statement[] {
  const via = (...services: string[]) => services.map((service) => `${service}.${region}.amazonaws.com`);
  return [
    allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"], [keyArn], {
      Condition: { StringEquals: { "kms:ViaService": via("ec2", "s3") } },
    }),
    allow(["kms:CreateGrant"], [keyArn], {
      Condition: {
        StringEquals: { "kms:ViaService": via("ec2") },
        Bool: { "kms:GrantIsForAWSResource": "true" },
      },
    }),
  ];
}
