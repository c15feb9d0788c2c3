import { EksAccessEntry } from "@cdktf/provider-aws/lib/eks-access-entry";
import { EksAccessPolicyAssociation } from "@cdktf/provider-aws/lib/eks-access-policy-association";
import type { EksCluster } from "@cdktf/provider-aws/lib/eks-cluster";
import { Construct } from "constructs";
import { DEPLOYER_GROUP } from "../../../environment/naming";

/** EKS' own access policies, which IAM does not know. */
const accessPolicy = (name: string) => `arn:aws:eks::aws:cluster-access-policy/${name}`;

export interface AdminAccessProps {
  readonly cluster: EksCluster;
  readonly principalArn: string;
}

/** A person's way in as cluster admin, also when all else is broken. */
export class AdminAccess extends Construct {
  constructor(scope: Construct, id: string, props: AdminAccessProps) {
    super(scope, id);
    const entry = new EksAccessEntry(this, "entry", {
      clusterName: props.cluster.name,
      principalArn: props.principalArn,
      type: "STANDARD",
    });
    new EksAccessPolicyAssociation(this, "policy", {
      clusterName: props.cluster.name,
      principalArn: entry.principalArn,
      policyArn: accessPolicy("AmazonEKSClusterAdminPolicy"),
      accessScope: { type: "cluster" },
    });
  }
}

export interface DeployerAccessProps {
  readonly cluster: EksCluster;
  readonly roleArn: string;
  /** Namespaces that the deployer administers. */
  readonly namespaces: string[];
}

/**
 * The way in of the role that applies the platform stack: admin of the namespaces that Skyline uses, and member of the
 * group `skyline:deployers`, to which an admin once binds the few rights that are not in a namespace
 * (`skyline manifests --bootstrap`). It is no cluster admin, and removing the entry removes all of it: the role that
 * created a cluster used to be its admin for ever.
 */
export class DeployerAccess extends Construct {
  constructor(scope: Construct, id: string, props: DeployerAccessProps) {
    super(scope, id);
    const entry = new EksAccessEntry(this, "entry", {
      clusterName: props.cluster.name,
      principalArn: props.roleArn,
      type: "STANDARD",
      kubernetesGroups: [DEPLOYER_GROUP],
    });
    new EksAccessPolicyAssociation(this, "policy", {
      clusterName: props.cluster.name,
      principalArn: entry.principalArn,
      policyArn: accessPolicy("AmazonEKSAdminPolicy"),
      accessScope: { type: "namespace", namespaces: props.namespaces },
    });
  }
}
