import { isObject } from "../../environment/json-object";
import { checkPolicy, type Finding } from "../../environment/policy/check-policy";
import type { CheckName } from "../../environment/policy/checks";
import { exempted, type Exemption, type FindingInStack } from "../../environment/policy/exemptions";
import { isExpression, type Resource, type Values } from "../../environment/policy/resource";
import { surroundingsOf } from "../../environment/policy/synthesized";
import { childOf, SENSITIVE, UNKNOWN, type Masked } from "./masked";
import type { ExemptedFinding } from "./model";
import type { PlannedChange } from "./plan";
import type { PlannedStack } from "./stack";

export interface PolicyFacts {
  /** Parsed code of the stack; undefined when only its plan is there. */
  readonly code: unknown;
  /** ARN of the role that applies platform stacks; undefined when nobody knows it. */
  readonly deployer: string | undefined;
  readonly exemptions: readonly Exemption[];
}

export interface PolicyReview {
  readonly findings: readonly FindingInStack[];
  readonly exempted: readonly ExemptedFinding[];
}

/**
 * The policy's checks over what a plan leaves behind: values as the plan knows them, and expressions of the code where
 * only an apply will. What is marked as sensitive where a check would look is a finding itself: hidden is not right.
 */
export function reviewPolicy(stack: PlannedStack, facts: PolicyFacts): PolicyReview {
  const standing = [...stack.plan.unchanged, ...stack.plan.changes].filter(
    ({ after, isDeposed, action }) => isObject(after) && !isDeposed && action !== "forget",
  );
  const ofCode = isObject(facts.code)
    ? surroundingsOf(facts.code, {
        environment: stack.environment,
        deployer: "",
        hasTags: () => false,
      }).resources
    : [];
  const codes = new Map(ofCode.map(({ address, values }) => [address, values]));
  const resources = [
    ...standing.map((change) => {
      const address = withoutKey(change.address);
      return resourceOf(change, stack.plan.written.get(address), codes.get(address));
    }),
    ...ofCode.filter(({ address }) => address.startsWith("data.")),
  ];
  const found = [
    ...checkPolicy({
      environment: stack.environment,
      deployer: facts.deployer ?? "unknown",
      resources,
      // Those of the provider are among the plan's `tags_all`.
      defaultTags: () => ({}),
      hasTags: ({ values }) => "tags" in values,
    }),
    ...standing.flatMap(hiddenFrom),
  ];
  return judged(
    found.map(({ wrong, right, ...finding }) => ({
      ...finding,
      wrong: stack.plan.hide(wrong),
      right: stack.plan.hide(right),
      stack: stack.stack,
    })),
    facts.exemptions,
  );
}

function judged(found: readonly FindingInStack[], exemptions: readonly Exemption[]): PolicyReview {
  const inOrder = [...found].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { findings } = exempted(inOrder, exemptions);
  const passed = inOrder.filter((finding) => !findings.includes(finding));
  return {
    findings,
    exempted: passed.flatMap((finding) => {
      const exemption = exemptions.find(
        ({ check, resource }) =>
          check === finding.check && resource === `${finding.stack}/${finding.address}`,
      );
      return exemption === undefined
        ? []
        : [{ ...finding, reason: exemption.reason, owner: exemption.owner ?? null }];
    }),
  };
}

const keyOf = ({ address, check, wrong }: Finding) => `${address} ${check} ${wrong}`;

/** Address of a resource in the code, which knows no keys of `count` and `for_each`. */
const withoutKey = (address: string) => address.replace(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]$/, "");

/**
 * A resource with what the code writes of it. A role or a group is read back with what other resources have put into it,
 * an endpoint with AWS' own policy: these are checked, and exempted, where they are written.
 */
function resourceOf(
  { address, type, after }: PlannedChange,
  written: ReadonlySet<string> | undefined,
  code: Values | undefined,
): Resource {
  const entries = Object.entries(after as Readonly<Record<string, Masked>>)
    .filter(([key]) => written === undefined || written.has(key))
    .map(([key, value]) => [key, valueOf(value, childOf(code, key))] as const);
  const tags = childOf(after, "tags_all");
  return {
    address,
    type,
    values: {
      ...Object.fromEntries(entries),
      ...(tags === undefined || tags === null ? {} : { tags: valueOf(tags as Masked, undefined) }),
      // Known ids have taken the place of references, by which checks find what belongs together.
      ...(code === undefined ? {} : { "//": expressionsIn(code) }),
    },
  };
}

/** A value as the checks know values, with the code's expression where the plan knows nothing. */
function valueOf(value: Masked, code: unknown): unknown {
  if (value === UNKNOWN) {
    return code !== undefined && expressionsIn(code).length > 0 ? code : "${known after apply}";
  }
  if (value === SENSITIVE) {
    return "${sensitive}";
  }
  if (Array.isArray(value)) {
    // Terraform's JSON writes a single block as an object.
    return value.map((item: Masked, i) => valueOf(item, Array.isArray(code) ? code[i] : code));
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, valueOf(inner as Masked, childOf(code, key))]),
      )
    : value;
}

function expressionsIn(code: unknown): string[] {
  if (isExpression(code)) {
    return [code];
  }
  return typeof code === "object" && code !== null ? Object.values(code).flatMap(expressionsIn) : [];
}

/** Where the checks look, so that nobody gets past them by calling it a secret. */
const LOOKED_AT: Readonly<Record<string, readonly [CheckName, readonly string[]]>> = {
  aws_vpc_security_group_ingress_rule: ["open-ingress", ["cidr_ipv4", "cidr_ipv6", "ip_protocol"]],
  aws_security_group_rule: ["open-ingress", ["type", "cidr_blocks", "ipv6_cidr_blocks", "protocol"]],
  aws_security_group: ["open-ingress", ["ingress"]],
  aws_default_security_group: ["open-ingress", ["ingress"]],
  aws_iam_policy: ["wildcard-iam", ["policy"]],
  aws_iam_role_policy: ["wildcard-iam", ["policy"]],
  aws_iam_user_policy: ["wildcard-iam", ["policy"]],
  aws_iam_group_policy: ["wildcard-iam", ["policy"]],
  aws_iam_role: ["wildcard-iam", ["assume_role_policy", "inline_policy", "managed_policy_arns"]],
  aws_iam_role_policy_attachment: ["wildcard-iam", ["policy_arn"]],
  aws_iam_user_policy_attachment: ["wildcard-iam", ["policy_arn"]],
  aws_iam_group_policy_attachment: ["wildcard-iam", ["policy_arn"]],
  aws_kms_key: ["wildcard-iam", ["policy"]],
  aws_s3_bucket_policy: ["wildcard-iam", ["policy"]],
  aws_lb: ["public-endpoint", ["internal", "load_balancer_type"]],
  aws_eks_cluster: ["public-endpoint", ["vpc_config", "access_config"]],
  aws_subnet: ["public-endpoint", ["map_public_ip_on_launch"]],
  aws_instance: ["public-endpoint", ["associate_public_ip_address", "metadata_options"]],
  aws_launch_template: [
    "public-endpoint",
    ["network_interfaces", "metadata_options", "block_device_mappings"],
  ],
  aws_ebs_volume: ["unencrypted-volume", ["encrypted"]],
  aws_eks_access_policy_association: ["creator-admin", ["policy_arn", "principal_arn"]],
};

function hiddenFrom({ address, type, after }: PlannedChange): Finding[] {
  const [check, attributes] = (Object.hasOwn(LOOKED_AT, type) && LOOKED_AT[type]) || [];
  return check === undefined || attributes === undefined
    ? []
    : attributes
        .filter((attribute) => hasSecret(childOf(after, attribute)))
        .map((attribute) => ({
          check,
          address,
          wrong: `${attribute} is marked as sensitive, so that nobody can check it`,
          right: "write it without sensitive()",
        }));
}

const hasSecret = (value: unknown): boolean =>
  value === SENSITIVE ||
  (typeof value === "object" && value !== null && Object.values(value).some(hasSecret));
