import { objectOf } from "../../../environment/json-object";
import { listOf, type Values } from "../state-resources";

/**
 * Attributes that say again what one other resource of Terraform is. A change of it outside is told by that resource; here
 * it only comes late, as the attribute was read before the other one was made.
 */
export interface Mirror {
  readonly type: string;
  readonly attributes: readonly string[];
  /** Type of the other resource. */
  readonly of: string;
  readonly isOf: (other: Values, owner: Values) => boolean;
}

const ofBucket = (attribute: string, of: string): Mirror => ({
  type: "aws_s3_bucket",
  attributes: [attribute],
  of,
  isOf: (other, bucket) => other.bucket === bucket.id,
});

export const MIRRORS: readonly Mirror[] = [
  ofBucket("policy", "aws_s3_bucket_policy"),
  ofBucket("versioning", "aws_s3_bucket_versioning"),
  ofBucket("lifecycle_rule", "aws_s3_bucket_lifecycle_configuration"),
  ofBucket("server_side_encryption_configuration", "aws_s3_bucket_server_side_encryption_configuration"),
  {
    type: "aws_eip",
    attributes: ["association_id", "network_interface", "private_dns", "private_ip"],
    of: "aws_nat_gateway",
    isOf: (gateway, address) => gateway.allocation_id === address.id,
  },
  {
    type: "aws_lb_target_group",
    attributes: ["load_balancer_arns"],
    of: "aws_lb_listener",
    isOf: (listener, group) =>
      listOf(listener.default_action).some((action) => objectOf(action).target_group_arn === group.arn),
  },
];
