import { counted, listed } from "../../words";
import { isOfNothing } from "../difference";
import type { PlannedChange } from "../plan";
import { ends, isAt } from "./changes";
import type { Explained, Said } from "./rule";

/**
 * What no request goes through or waits for. All else is taken to reach traffic: a type that nobody has thought of is
 * shown rather than passed over.
 */
const ASIDE = [
  "aws_cloudwatch_log_group",
  "aws_flow_log",
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

/** Whether traffic may go through resources of a type. */
export const carries = (type: string): boolean => !ASIDE.includes(type);

/** Changes that requests under way can feel, and that no rule has explained. An end is explained as a whole alone. */
export function reachingTraffic(
  changes: readonly PlannedChange[],
  explained: readonly Explained[],
): PlannedChange[] {
  return changes.filter((change) => {
    const about = explained.filter((one) => one.change === change);
    if (!carries(change.type) || about.some(({ attributes }) => attributes === undefined)) {
      return false;
    }
    const told = about.flatMap(({ attributes }) => attributes ?? []);
    return (
      ends(change) ||
      (change.action === "update" &&
        !change.attributes.every(
          (attribute) => isOfNothing(attribute) || WORDS.test(attribute.path) || isAt(attribute.path, told),
        ))
    );
  });
}

/** One line for all changes of which no rule of their own tells; nothing when there are none. */
export function touched(
  code: string,
  reached: readonly PlannedChange[],
  textOf: (count: string) => string,
): Said[] {
  const ending = reached.filter(ends);
  const [first] = reached;
  return first === undefined
    ? []
    : [
        {
          code,
          severity: ending.length > 0 ? "danger" : "attention",
          address: reached.length === 1 ? first.address : null,
          text:
            textOf(counted(reached.length, "change")) +
            (ending.length === 0
              ? ""
              : `, ${ending.length} of which ${ending.length === 1 ? "deletes or replaces" : "delete or replace"}`) +
            ` (${listed(typesOf(ending.length > 0 ? ending : reached))})`,
        },
      ];
}

/** `2 aws_autoscaling_group`, sorted by type. */
function typesOf(changes: readonly PlannedChange[]): string[] {
  const counts = new Map<string, number>();
  for (const { type } of changes) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([type, count]) => (count === 1 ? type : `${count} ${type}`));
}
