import { isObject } from "../json-object";
import { readExpression, Unread, type Read } from "./expression";
import { blocks, isExpression, items, type Resource, type Values } from "./resource";

/** A statement of an IAM policy, however it was written. */
export interface PolicyStatement {
  readonly allows: boolean;
  readonly actions: readonly unknown[];
  readonly notActions: readonly unknown[];
  readonly resources: readonly unknown[];
  readonly notResources: readonly unknown[];
  /** What comes after the kind: an account, an ARN, `*`. Empty in a policy of an identity. */
  readonly principals: readonly unknown[];
  readonly conditionKeys: readonly string[];
}

/** A policy of a resource: its statements, or nothing when it cannot be read here. */
export interface Policy {
  /** The attribute that holds it. */
  readonly attribute: string;
  /** `identity`: what a role may do; `resource`: who may use a key, a bucket, a role. */
  readonly kind: "identity" | "resource";
  readonly statements: readonly PolicyStatement[] | undefined;
}

const IDENTITY_POLICIES: Readonly<Record<string, string>> = {
  aws_iam_policy: "policy",
  aws_iam_role_policy: "policy",
  aws_iam_user_policy: "policy",
  aws_iam_group_policy: "policy",
  aws_ssoadmin_permission_set_inline_policy: "inline_policy",
};

/** All policies that a resource holds. */
export function policiesOf({ type, values }: Resource): Policy[] {
  if (type === "aws_iam_policy_document") {
    return [document(values)];
  }
  const identity = IDENTITY_POLICIES[type];
  if (identity !== undefined) {
    return written(identity, "identity", values[identity]);
  }
  if (type === "aws_iam_role") {
    return [
      ...written("assume_role_policy", "resource", values.assume_role_policy),
      ...blocks(values, "inline_policy").flatMap((block) =>
        written("inline_policy", "identity", block.policy),
      ),
    ];
  }
  // Attributes of this name hold other things, too: lifecycle rules of images have no statements.
  return typeof values.policy === "string"
    ? written("policy", "resource", values.policy).filter(({ statements }) => statements !== undefined)
    : [];
}

/** A policy as text: JSON, `jsonencode`, or a reference to what is checked in its own place. */
function written(attribute: string, kind: Policy["kind"], text: unknown): Policy[] {
  if (typeof text !== "string" || REFERENCE.test(text)) {
    return [];
  }
  return [{ attribute, kind, statements: statementsOf(read(text)) }];
}

/** `${data.aws_iam_policy_document.trust.json}`; a plan shows what stands behind others. */
const REFERENCE = /^\$\{(data|var|local|[a-z]\w*_\w+)\.[\w.[\]"*-]+\}$/;

function read(text: string): Read | undefined {
  const [, expression] = /^\s*\$\{\s*jsonencode\(([^]*)\)\s*\}\s*$/.exec(text) ?? [];
  return readExpression(expression ?? text);
}

function statementsOf(policy: Read | undefined): PolicyStatement[] | undefined {
  if (!isObject(policy) || !("Statement" in policy)) {
    return undefined;
  }
  const all = items(policy.Statement);
  return all.every((one): one is Values => isObject(one) && !(one instanceof Unread))
    ? all.map((one) => ({
        allows: one.Effect === "Allow",
        actions: items(one.Action),
        notActions: items(one.NotAction),
        resources: items(one.Resource),
        notResources: items(one.NotResource),
        principals: principals(one.Principal),
        conditionKeys: isObject(one.Condition)
          ? Object.values(one.Condition).flatMap((test) => (isObject(test) ? Object.keys(test) : []))
          : [],
      }))
    : undefined;
}

const principals = (principal: unknown): unknown[] =>
  isObject(principal) && !(principal instanceof Unread)
    ? Object.values(principal).flatMap(items)
    : items(principal);

/** Terraform's own way to write a policy, as a data source. */
function document(values: Values): Policy {
  const statements = blocks(values, "statement").map((one) => ({
    allows: one.effect === undefined || one.effect === "Allow" || isExpression(one.effect),
    actions: items(one.actions),
    notActions: items(one.not_actions),
    resources: items(one.resources),
    notResources: items(one.not_resources),
    principals: blocks(one, "principals").flatMap(({ identifiers }) => items(identifiers)),
    conditionKeys: blocks(one, "condition").map(({ variable }) => String(variable)),
  }));
  return { attribute: "statement", kind: "identity", statements };
}
