import { checkPolicy } from "../../../../environment/policy/check-policy";
import type { CheckName } from "../../../../environment/policy/checks";
import type { Values } from "../../../../environment/policy/resource";
import { surroundingsOf } from "../../../../environment/policy/synthesized";

/** Resources of each type by name, as a stack's Terraform JSON has them. */
export type Resources = Readonly<Record<string, Readonly<Record<string, Values>>>>;

export const DEPLOYER = "arn:aws:iam::111111111111:role/atlantis";

const TAGGED = { aws: [{ default_tags: [{ tags: { "skyline:environment": "example" } }] }] };

/** What one check finds wrong in a stack's code: `address: what is wrong; what would be right`. */
export function found(check: CheckName, code: Values): string[] {
  const around = surroundingsOf(
    { provider: TAGGED, ...code },
    { environment: "example", deployer: DEPLOYER, hasTags: (address) => !address.startsWith("aws_route.") },
  );
  return checkPolicy(around)
    .filter((finding) => finding.check === check)
    .map(({ address, wrong, right }) => `${address}: ${wrong}; ${right}`);
}

/** {@link found} of one resource, without its address. */
export const wrongWith = (check: CheckName, type: string, values: Values): string[] =>
  found(check, { resource: { [type]: { it: values } } }).map((line) => line.replace(`${type}.it: `, ""));
