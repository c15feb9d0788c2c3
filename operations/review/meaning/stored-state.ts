import { isObject } from "../../../environment/json-object";
import type { PlannedChange } from "../plan";
import { ended, tagOf, textOf } from "./changes";
import { removalOf } from "./cluster-removal";
import type { Rule } from "./rule";

/** What data is lost with, by type. */
const STORES: ReadonlyMap<string, string> = new Map([
  ["aws_ebs_volume", "the volume"],
  ["aws_efs_file_system", "the file system"],
  ["aws_s3_bucket", "the bucket"],
  ["aws_dynamodb_table", "the table"],
  ["aws_db_instance", "the database"],
  ["aws_rds_cluster", "the database"],
  ["aws_secretsmanager_secret", "the secret"],
  ["aws_kms_key", "the key, and with it all that it encrypts,"],
  ["aws_kms_replica_key", "the key, and with it all that it encrypts,"],
  ["kubernetes_persistent_volume", "the volume"],
  ["kubernetes_persistent_volume_v1", "the volume"],
  ["kubernetes_persistent_volume_claim", "the volume's claim"],
  ["kubernetes_persistent_volume_claim_v1", "the volume's claim"],
]);

export const isStore = ({ type }: PlannedChange): boolean => STORES.has(type);

/** Data is lost: also of a deposed object, which may be the one with the data. */
export const storedStateDeleted: Rule = (stack, around) =>
  stack.plan.changes
    .filter(
      (change) =>
        isStore(change) &&
        ["delete", "replace", "replace-first"].includes(change.action) &&
        isObject(change.before),
    )
    .map((change) => {
      const name =
        textOf(change, "bucket") ??
        textOf(change, "name") ??
        textOf(change, "description") ??
        tagOf(change, "Name");
      return {
        code: "stored-state-deleted",
        // That a cluster's data goes with it is what its removal is for.
        severity: removalOf(stack, around) === "in-order" ? ("attention" as const) : ("danger" as const),
        address: change.address,
        text: `${STORES.get(change.type)} ${ended(change)}${name === undefined ? "" : ` (${name})`}: what is in it is lost`,
        explains: [{ change }],
      };
    });
