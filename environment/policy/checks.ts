/** Names of the policy's checks, as findings and exemptions say them, each with what it is about. */
export const CHECKS = {
  "public-endpoint": "an API endpoint, load balancer or instance that the internet can reach",
  "open-ingress": "a security group that lets in all addresses",
  "wildcard-iam": "an IAM policy that allows all actions, or writing to all resources",
  "unencrypted-volume": "a volume without encryption at rest",
  "instance-metadata-v1": "an instance whose metadata is served without a session token",
  "missing-tags": "a resource that does not say which environment it belongs to",
  "creator-admin": "a cluster whose creator is its admin for ever",
} as const;

export type CheckName = keyof typeof CHECKS;

export const CHECK_NAMES = Object.keys(CHECKS) as [CheckName, ...CheckName[]];
