import { EksAddon } from "@cdktf/provider-aws/lib/eks-addon";
import type { EksCluster } from "@cdktf/provider-aws/lib/eks-cluster";
import { EksPodIdentityAssociation } from "@cdktf/provider-aws/lib/eks-pod-identity-association";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { dependable, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { assumedBy, awsManagedPolicy } from "../../iam";

/** Versions of the add-ons, as `aws eks describe-addon-versions` prints them: `v1.20.4-eksbuild.2`. */
export interface AddOnVersions {
  readonly "vpc-cni": string;
  readonly coredns: string;
  readonly "kube-proxy": string;
  readonly "eks-pod-identity-agent": string;
}

export interface AddOnsProps {
  readonly name: string;
  readonly cluster: EksCluster;
  readonly versions: AddOnVersions;
}

/**
 * The add-ons in the order that lets nodes join: the VPC CNI and the pod identity agent before the first node (a node
 * without a CNI never becomes Ready, and its group fails after 15 minutes), the others after it.
 */
export class AddOns extends Construct {
  /** What node groups must wait for. */
  readonly beforeNodes: ITerraformDependable[];
  private readonly afterNodes: EksAddon[];

  constructor(scope: Construct, id: string, props: AddOnsProps) {
    super(scope, id);
    const addOn = (
      name: keyof AddOnVersions,
      more: Partial<ConstructorParameters<typeof EksAddon>[2]> = {},
    ) =>
      new EksAddon(this, name, {
        clusterName: props.cluster.name,
        addonName: name,
        addonVersion: props.versions[name],
        resolveConflictsOnCreate: "OVERWRITE",
        // A setting that somebody changed in the cluster is told by the plan and not silently kept.
        resolveConflictsOnUpdate: "OVERWRITE",
        ...more,
      });

    const identity = addOn("eks-pod-identity-agent");
    const cniRole = new IamRole(this, "vpc-cni-role", {
      name: `${props.name}-vpc-cni`,
      assumeRolePolicy: assumedBy("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]),
    });
    const cniRights = new IamRolePolicyAttachment(this, "vpc-cni-policy", {
      role: cniRole.name,
      policyArn: awsManagedPolicy("AmazonEKS_CNI_Policy"),
    });
    const cniIdentity = new EksPodIdentityAssociation(this, "vpc-cni-identity", {
      clusterName: props.cluster.name,
      namespace: "kube-system",
      serviceAccount: "aws-node",
      roleArn: cniRole.arn,
      dependsOn: [cniRights],
    });
    const cni = addOn("vpc-cni", {
      // Prefixes of 16 addresses: a node's pods are no longer limited by the addresses of its interfaces.
      configurationValues: JSON.stringify({
        enableNetworkPolicy: "true",
        env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
      }),
      dependsOn: [identity, cniIdentity],
    });
    this.beforeNodes = [identity, cni];
    this.afterNodes = [addOn("kube-proxy"), addOn("coredns")];
  }

  /** Lets the add-ons that run on nodes wait for these nodes. */
  follow(nodes: ITerraformDependable): void {
    for (const addOn of this.afterNodes) {
      addOn.dependsOn = [...(addOn.dependsOn ?? []), dependable(nodes)];
    }
  }
}
