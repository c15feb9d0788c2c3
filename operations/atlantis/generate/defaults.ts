/** The providers of Skyline's stacks, exactly as their synthesized code pins them. */
export const SKYLINE_PROVIDERS: Readonly<Record<string, string>> = {
  "registry.terraform.io/hashicorp/aws": "5.100.0",
  "registry.terraform.io/hashicorp/kubernetes": "2.38.0",
};

/**
 * What Skyline's stacks read, beside the states of their own environment; and what tells no secret to anybody: documents
 * that are only computed, and where and as whom a plan runs.
 */
export const SKYLINE_DATA_SOURCES: readonly string[] = [
  "aws_caller_identity",
  "aws_iam_policy_document",
  "aws_partition",
  "aws_region",
  "aws_ssm_parameter",
];
