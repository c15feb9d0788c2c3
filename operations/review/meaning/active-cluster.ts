import { carriesTraffic } from "../clusters";
import type { PlannedChange } from "../plan";
import { counted, ends, listed } from "./changes";
import { isRemoval } from "./cluster-removal";
import { clusterOf, type Rule } from "./rule";

/**
 * What no request goes through or waits for. All else of a cluster is taken to reach its traffic: a type that nobody has
 * thought of is shown rather than passed over.
 */
const ASIDE = [
  "aws_cloudwatch_log_group",
  "aws_iam_service_linked_role",
  "aws_kms_alias",
  "aws_s3_bucket",
  "aws_s3_bucket_lifecycle_configuration",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_s3_bucket_versioning",
  "aws_ssm_parameter",
];

/** Attributes that say something of a resource, and do nothing. */
const WORDS = /^(tags|tags_all|description|latest_version|default_version)\b/;

/** Whether a change can be felt by requests that are under way. */
export const reachesTraffic = (change: PlannedChange): boolean =>
  !ASIDE.includes(change.type) &&
  (ends(change) || (change.action === "update" && !change.attributes.every(({ path }) => WORDS.test(path))));

/** A cluster that traffic goes to is changed in what the traffic goes through. */
export const activeClusterTouched: Rule = (stack, around) => {
  const cluster = clusterOf(stack, around);
  const traffic = cluster === undefined ? "no" : carriesTraffic(cluster);
  const reached = stack.plan.changes.filter(reachesTraffic);
  // Of a removal there is a rule of its own.
  if (cluster === undefined || traffic === "no" || reached.length === 0 || isRemoval(stack, around)) {
    return [];
  }
  const ending = reached.filter(ends);
  const who =
    traffic === "unknown"
      ? `nobody can tell whether ${cluster.name} has traffic; if it has, this reaches it`
      : cluster.weight !== null && cluster.weight > 0
        ? `${cluster.name} has ${cluster.weight} points of the dial`
        : `${cluster.name} is active`;
  const first = ending[0] ?? reached[0];
  return [
    {
      code: "active-cluster-touched",
      severity: ending.length > 0 ? "danger" : "attention",
      address: reached.length === 1 && first !== undefined ? first.address : null,
      text:
        `${who}: ${counted(reached.length, "change")} in what its traffic goes through` +
        (ending.length === 0
          ? ""
          : `, ${ending.length} of which ${ending.length === 1 ? "deletes or replaces" : "delete or replace"}`) +
        ` (${listed(typesOf(ending.length > 0 ? ending : reached))})`,
    },
  ];
};

/** `2 aws_autoscaling_group`, sorted by type. */
export function typesOf(changes: readonly PlannedChange[]): string[] {
  const counts = new Map<string, number>();
  for (const { type } of changes) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([type, count]) => (count === 1 ? type : `${count} ${type}`));
}
