// What a subject has written: Terraform's JSON, or templates of CloudFormation.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../errors.mjs";

/** What each cluster must have come out with, and how many; the types are those of Terraform and of CloudFormation. */
const expected = [
  {
    what: "clusters",
    each: 1,
    types: ["aws_eks_cluster", "AWS::EKS::Cluster", "Custom::AWSCDK-EKS-Cluster"],
  },
  { what: "node groups", each: 1, types: ["aws_eks_node_group", "AWS::EKS::Nodegroup"] },
  { what: "launch templates", each: 1, types: ["aws_launch_template", "AWS::EC2::LaunchTemplate"] },
  { what: "add-ons", each: 4, types: ["aws_eks_addon", "AWS::EKS::Addon"] },
  { what: "keys", each: 1, types: ["aws_kms_key", "AWS::KMS::Key"] },
];

/** Number of resources of each type in a folder. */
function countTypes(folder) {
  const counts = new Map();
  const add = (type, number) => counts.set(type, (counts.get(type) ?? 0) + number);
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith("cdk.tf.json")) {
      const { resource = {} } = JSON.parse(readFileSync(join(folder, file), "utf8"));
      Object.entries(resource).forEach(([type, resources]) => add(type, Object.keys(resources).length));
    } else if (file.endsWith(".template.json")) {
      const { Resources = {} } = JSON.parse(readFileSync(join(folder, file), "utf8"));
      Object.values(Resources).forEach(({ Type }) => add(Type, 1));
    }
  }
  return counts;
}

/**
 * Checks that a folder holds so many clusters with all that belongs to them, and one VPC.
 *
 * @returns the number of all resources
 * @throws ExpectedError when the subject has made something else: its time would mean nothing
 */
export function checkOutput(subject, clusters, folder) {
  const counts = countTypes(folder);
  const sum = (types) => types.reduce((total, type) => total + (counts.get(type) ?? 0), 0);
  const wanted = [
    ...expected.map(({ what, each, types }) => ({ what, number: each * clusters, types })),
    { what: "VPCs", number: 1, types: ["aws_vpc", "AWS::EC2::VPC"] },
  ];
  for (const { what, number, types } of wanted) {
    if (sum(types) !== number) {
      throw new ExpectedError(`bench: ${subject} made ${sum(types)} ${what}, not ${number}`);
    }
  }
  return sum([...counts.keys()]);
}
