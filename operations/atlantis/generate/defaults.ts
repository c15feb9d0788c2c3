/** The providers of Skyline's stacks, exactly as their synthesized code pins them. */
export const SKYLINE_PROVIDERS: Readonly<Record<string, string>> = {
  "registry.terraform.io/hashicorp/aws": "5.100.0",
  "registry.terraform.io/hashicorp/kubernetes": "2.38.0",
};

/** What Skyline's stacks read, beside the states of their own environment. */
export const SKYLINE_DATA_SOURCES: readonly string[] = ["aws_ssm_parameter"];
