import { readFileSync } from "node:fs";
import type { AwsRequest } from "./aws-recorder";

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
}

/** The IAM policy of a page of the documentation: its only JSON block with statements. */
export function policyIn(page: string): readonly Statement[] {
  const blocks = [...readFileSync(page, "utf8").matchAll(/```json\n(.*?)```/gs)].map(([, json = ""]) => json);
  const policy = blocks.find((json) => json.includes('"Statement"')) ?? "{}";
  return (JSON.parse(policy) as { Statement: Statement[] }).Statement;
}

/** Whether the policy's actions have what a request needs. Resources are not compared. */
export function policyAllows(policy: readonly Statement[], asked: AwsRequest): boolean {
  const action = actionOf(asked);
  return policy.some(
    ({ Effect, Action }) =>
      Effect === "Allow" &&
      Action.some((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "i").test(action)),
  );
}

/** What IAM calls a request. */
function actionOf({ service, operation }: AwsRequest): string {
  if (!/^(GET|HEAD) /.test(operation)) {
    return `${service}:${operation}`;
  }
  const [, path = "", query = ""] = /^\w+ ([^?]*)\??(.*)$/.exec(operation) ?? [];
  const rest = rests[service];
  return rest === undefined ? `${service}: unknown ${operation}` : `${service}:${rest(path, query)}`;
}

const rests: Readonly<Record<string, (path: string, query: string) => string>> = {
  s3: (path, query) => {
    const isBucket = /^\/[^/]+\/?$/.test(path);
    const [what = ""] = query.split("=");
    return isBucket && what !== "" && what !== "list-type"
      ? (bucketActions[what] ?? `GetBucket${what}`)
      : isBucket
        ? "ListBucket"
        : "GetObject";
  },
  route53: (path) =>
    path.endsWith("/rrset")
      ? "ListResourceRecordSets"
      : path.endsWith("/hostedzonesbyname")
        ? "ListHostedZonesByName"
        : path.includes("/tags/")
          ? "ListTagsForResource"
          : "GetHostedZone",
  eks: () => "DescribeCluster",
};

const bucketActions: Readonly<Record<string, string>> = {
  accelerate: "GetAccelerateConfiguration",
  encryption: "GetEncryptionConfiguration",
  lifecycle: "GetLifecycleConfiguration",
  "object-lock": "GetBucketObjectLockConfiguration",
  publicAccessBlock: "GetBucketPublicAccessBlock",
  replication: "GetReplicationConfiguration",
};
