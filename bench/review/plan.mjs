// Makes a plan of many changes out of those real ones that the tests have, with what was taken from them to keep them
// short put back: user data as long as ours, and the parts of a plan that nobody here reads.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Stands wherever the plan has a secret: no output may have it. */
export const SECRET = "a-secret-that-no-output-has";

/** Longest user data that EC2 takes is 16 KB; that of a controller has 12. */
const USER_DATA_BYTES = 12_000;

/** JSON of a plan of so many changes, as Terraform prints it: resources of many clusters in one stack. */
export function planOf(count, fixtures) {
  const pool = realChanges(fixtures);
  const changes = Array.from({ length: count }, (_, i) =>
    i % 40 === 39 ? secretChange(i) : copyOf(pool[i % pool.length], Math.floor(i / pool.length)),
  );
  const values = (side) =>
    changes
      .filter(({ change }) => change[side] !== null)
      .map(({ address, mode, type, name, change }) => ({
        ...{ address, mode, type, name, values: change[side], sensitive_values: change[`${side}_sensitive`] },
      }));
  return JSON.stringify({
    ...{ format_version: "1.2", terraform_version: "1.11.4" },
    planned_values: { root_module: { resources: values("after") } },
    resource_drift: [],
    resource_changes: changes,
    output_changes: {},
    prior_state: { format_version: "1.0", values: { root_module: { resources: values("before") } } },
    configuration: { root_module: { resources: changes.map(configurationOf) } },
    ...{ timestamp: "2026-01-01T00:00:00Z", applyable: true, complete: true, errored: false },
  });
}

function realChanges(fixtures) {
  const files = readdirSync(fixtures, { recursive: true })
    .filter((file) => file.endsWith(".json"))
    .sort();
  return files.flatMap((file) =>
    JSON.parse(readFileSync(join(fixtures, file), "utf8")).resource_changes.filter(
      ({ change }) => change.actions[0] !== "no-op",
    ),
  );
}

/** The same change of a resource with other names, in the same environment: its tags are right. */
function copyOf(real, round) {
  const text = JSON.stringify(real).replaceAll(
    "development-",
    round === 0 ? "development-" : `development-${round}-`,
  );
  const copy = JSON.parse(text);
  copy.address = `${copy.address}_${round}_${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
  for (const side of ["before", "after"]) {
    const values = copy.change[side];
    if (typeof values?.user_data === "string") {
      values.user_data = longer(values.user_data);
    }
  }
  return copy;
}

const longer = (userData) => {
  const line = createHash("sha256").update(userData).digest("hex");
  return Buffer.from(`${line}\n`.repeat(USER_DATA_BYTES / (line.length + 1))).toString("base64");
};

const secretChange = (i) => ({
  ...{ address: `aws_secretsmanager_secret_version.secret_${i}`, name: `secret_${i}` },
  ...{ mode: "managed", type: "aws_secretsmanager_secret_version" },
  change: {
    actions: ["update"],
    before: { secret_string: `${SECRET} before ${i}`, labels: { nested: [{ token: `${SECRET} ${i}` }] } },
    after: { secret_string: `${SECRET} after ${i}`, labels: { nested: [{ token: `${SECRET} ${i} too` }] } },
    after_unknown: {},
    before_sensitive: { secret_string: true, labels: { nested: [{ token: true }] } },
    after_sensitive: { secret_string: true, labels: { nested: [{ token: true }] } },
  },
});

const configurationOf = ({ address, mode, type, name, change }) => ({
  ...{ address, mode, type, name },
  expressions: Object.fromEntries(
    Object.keys(change.after ?? change.before).map((key) => [
      key,
      { references: ["aws_vpc.vpc.id", "aws_vpc.vpc"] },
    ]),
  ),
});
