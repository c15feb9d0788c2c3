import { Construct } from "constructs";
import { secretNames } from "../../../environment/naming";
import { allow, secretArn, type Statement } from "../../iam";
import { InstanceRole } from "../../instance-role";
import type { ClusterPlace } from "./place";

export interface WorkerRoleProps {
  readonly place: ClusterPlace;
}

/** Tag by which the cloud controller and the EBS driver know what is their cluster's. */
export const ownershipTag = (place: Pick<ClusterPlace, "name">) => `kubernetes.io/cluster/${place.name}`;

/** Name of the role of all workers of a cluster, which the authenticator lets join. */
export const workerRoleName = (place: Pick<ClusterPlace, "name">) => `${place.name}-worker`;

/**
 * The role of all workers: join, pull images, find Consul's servers and read the agents' secret. Also the role of the
 * cloud controller and of the EBS driver's controller, which run on the workers' own network: without pod identity there
 * is no other that they could have. Pods of any other kind cannot reach the metadata, one hop away.
 */
export class WorkerRole extends InstanceRole {
  constructor(scope: Construct, id: string, { place }: WorkerRoleProps) {
    super(scope, id, {
      name: workerRoleName(place),
      statements: [
        allow(
          ["secretsmanager:GetSecretValue"],
          [secretArn(place, secretNames.consulWorkers(place.environment))],
        ),
        // Of the Consul agent, the cloud controller and the EBS driver; none knows a narrower resource.
        allow(
          [
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTopology",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeRegions",
            "ec2:DescribeSnapshots",
            "ec2:DescribeTags",
            "ec2:DescribeVolumes",
            "ec2:DescribeVolumesModifications",
            "ec2:DescribeVolumeStatus",
          ],
          ["*"],
        ),
        ...volumes(place),
      ],
      managedPolicies: ["AmazonEC2ContainerRegistryPullOnly"],
    });
  }
}

/** Volumes and snapshots that carry the cluster's tag, from the call that makes them to the one that deletes them. */
function volumes(place: ClusterPlace): Statement[] {
  const tag = ownershipTag(place);
  const arns = (...kinds: string[]) =>
    kinds.map((kind) =>
      // A snapshot belongs to no account in EC2's ARNs.
      kind === "snapshot"
        ? `arn:aws:ec2:${place.region}::snapshot/*`
        : `arn:aws:ec2:${place.region}:${place.account}:${kind}/*`,
    );
  const made = { Condition: { StringEquals: { [`aws:RequestTag/${tag}`]: "owned" } } };
  const owned = { Condition: { StringEquals: { [`aws:ResourceTag/${tag}`]: "owned" } } };
  return [
    allow(["ec2:CreateVolume"], arns("volume"), made),
    // The snapshot that a volume is made from, and the volume that a snapshot is taken of, are the cluster's too.
    allow(["ec2:CreateVolume"], arns("snapshot"), owned),
    allow(["ec2:CreateSnapshot"], arns("snapshot"), made),
    allow(["ec2:CreateSnapshot"], arns("volume"), owned),
    allow(["ec2:CreateTags"], arns("volume", "snapshot"), {
      Condition: { StringEquals: { "ec2:CreateAction": ["CreateVolume", "CreateSnapshot"] } },
    }),
    allow(["ec2:AttachVolume", "ec2:DetachVolume"], arns("volume", "instance"), owned),
    allow(["ec2:ModifyVolume", "ec2:DeleteVolume"], arns("volume"), owned),
    allow(["ec2:DeleteSnapshot"], arns("snapshot"), owned),
  ];
}
