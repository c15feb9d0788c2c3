import { blocks, isExpression, referred, said, type Check } from "./resource";

/** Whoever applied first, or whoever deploys, is admin of a cluster, with nobody having said so. */
export const creatorAdmin: Check = ({ type, values }, around) => {
  if (type === "aws_eks_cluster") {
    const [access = {}] = blocks(values, "access_config");
    const { authentication_mode: mode, bootstrap_cluster_creator_admin_permissions: creator } = access;
    if (mode === "CONFIG_MAP") {
      return [
        {
          wrong: "with authentication_mode CONFIG_MAP its creator is its admin for ever",
          right: "write API",
        },
      ];
    }
    return creator === false || creator === "false" || isExpression(creator)
      ? []
      : [
          {
            wrong: `${said("bootstrap_cluster_creator_admin_permissions", creator)}: its creator is its admin`,
            right: "write false, and name admins by access entries",
          },
        ];
  }
  if (
    type !== "aws_eks_access_policy_association" ||
    !String(values.policy_arn).endsWith("/AmazonEKSClusterAdminPolicy")
  ) {
    return [];
  }
  const entry = referred(values.principal_arn, "aws_eks_access_entry", around);
  return (entry?.values.principal_arn ?? values.principal_arn) === around.deployer
    ? [
        {
          wrong: "the deployer, who creates the cluster, is its admin",
          right: "give it AmazonEKSAdminPolicy in the namespaces that it deploys to",
        },
      ]
    : [];
};
