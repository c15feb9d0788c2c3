import { Unread } from "./expression";
import { items, type Check, type Complaint, type Resource } from "./resource";
import { policiesOf, type Policy, type PolicyStatement } from "./statements";

/**
 * A policy allows all actions of a service or of all services, or writes to all resources, or anybody. Reading what is
 * there (`Describe`, `List`) may be on all resources, since most of it knows no narrower one; reading what is inside
 * (secrets, objects) may not.
 */
export const wildcardIam: Check = (resource) => [
  ...managedPolicies(resource),
  ...policiesOf(resource).flatMap((policy) =>
    policy.statements === undefined
      ? [
          {
            wrong: `${policy.attribute} cannot be read before an apply`,
            right: "write it with jsonencode, or as a data source aws_iam_policy_document",
          },
        ]
      : policy.statements
          .filter(({ allows }) => allows)
          .flatMap((statement) => complaintsOf(statement, policy, resource.type)),
  ),
];

function complaintsOf(statement: PolicyStatement, policy: Policy, type: string): Complaint[] {
  const actions = statement.actions.flatMap(texts);
  // In a policy of a resource, `*` is that resource itself.
  const isIdentity = policy.kind === "identity" && statement.principals.length === 0;
  return [
    ...wildActions(actions, statement, type),
    ...(isIdentity ? allResources(actions, statement) : []),
    ...anybody(statement),
  ];
}

function wildActions(actions: readonly string[], statement: PolicyStatement, type: string): Complaint[] {
  const wild = actions.filter((action) => /^(\*|[\w-]+:\*|\*:\*)$/.test(action));
  // A key that its account does not administer can never be changed again: AWS gives every new key this statement.
  const isOwnKey =
    wild.every((action) => action === "kms:*") &&
    statement.principals.length > 0 &&
    statement.principals.every((who) => /^(\d{12}|arn:aws[\w-]*:iam::[^:]+:root)$/.test(String(who))) &&
    (type.startsWith("aws_kms_") || type === "aws_iam_policy_document");
  return [
    ...(wild.length > 0 && !isOwnKey
      ? [{ wrong: `allows ${wild.join(", ")}`, right: "name the actions that are needed" }]
      : []),
    ...(statement.notActions.length > 0
      ? [{ wrong: "allows all actions but some (NotAction)", right: "name the actions that are needed" }]
      : []),
  ];
}

function allResources(actions: readonly string[], statement: PolicyStatement): Complaint[] {
  const isAll =
    statement.notResources.length > 0 ||
    statement.resources.some((one) => typeof one === "string" && ALL.test(one));
  const isNarrowed = statement.conditionKeys.some((key) => !SAYS_NOTHING_OF_RESOURCES.test(key));
  const writing = actions.filter((action) => !/^(\*|[\w-]+:\*)$/.test(action) && !isReading(action));
  return isAll && !isNarrowed && writing.length > 0
    ? [
        {
          wrong: `allows ${writing.join(", ")} on all resources`,
          right: "name the resources, or add a condition on their tags",
        },
      ]
    : [];
}

/** `*`, all of a service (`arn:aws:sqs:us-east-1:111111111111:*`) or all of a type (`…:role/*`). In S3 that is a bucket. */
const ALL =
  /^(\*|arn:\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*|arn:[^:]*:(?!s3:)[^:]*:[^:]*:[^:]*:[a-zA-Z-]+[/:]\*)$/;

/** Conditions on the request and not on what it is about. */
const SAYS_NOTHING_OF_RESOURCES =
  /^aws:(SecureTransport|RequestedRegion|CurrentTime|EpochTime|UserAgent|Referer|MultiFactorAuth\w+|TokenIssueTime|SourceIp|SourceVpc\w*|VpcSourceIp|ViaAWSService|CalledVia\w*|PrincipalTag\/.*|PrincipalArn|PrincipalAccount|PrincipalOrg\w+)$/i;

/** Writing that knows no narrower resource than all of them. Source: the "Service Authorization Reference". */
const KNOWS_NO_RESOURCE =
  /^(cloudwatch:PutMetricData|ec2messages:\w+|ssmmessages:\w+|ssm:UpdateInstanceInformation|xray:Put\w+|sts:DecodeAuthorizationMessage)$/;

const READING =
  /^[\w-]+:(Get|List|Describe|Head|BatchGet|BatchCheck|Check|Lookup|Search|Simulate|Query|Scan|Validate|View)/;

/** Reading of what is inside resources, and not of what there is. */
const CONTENTS = [
  "secretsmanager:GetSecretValue",
  "secretsmanager:BatchGetSecretValue",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "ssm:GetParametersByPath",
  "ssm:GetParameterHistory",
  "s3:GetObject",
  "s3:GetObjectVersion",
  "dynamodb:GetItem",
  "dynamodb:BatchGetItem",
  "dynamodb:Query",
  "dynamodb:Scan",
];

function isReading(action: string): boolean {
  const pattern = new RegExp(
    `^${action
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replace(/\*/g, ".*")
      .replace(/\?/g, ".")}$`,
    "i",
  );
  return (
    KNOWS_NO_RESOURCE.test(action) || (READING.test(action) && !CONTENTS.some((one) => pattern.test(one)))
  );
}

function anybody({ principals, conditionKeys }: PolicyStatement): Complaint[] {
  const isNarrowed = conditionKeys.some(
    (key) => !/^aws:(SecureTransport|RequestedRegion|CurrentTime|EpochTime|UserAgent|Referer)$/i.test(key),
  );
  return principals.includes("*") && !isNarrowed
    ? [
        {
          wrong: "lets in every principal of every account",
          right: "name the principals, or add a condition on them",
        },
      ]
    : [];
}

/** AWS' own policies that allow all there is, of everything or of a service. */
function managedPolicies({ type, values }: Resource): Complaint[] {
  const attached = [
    ...(/^aws_iam_(role_|user_|group_)?policy_attachment$/.test(type) ? items(values.policy_arn) : []),
    ...(type === "aws_iam_role" ? items(values.managed_policy_arns) : []),
  ].map(String);
  return attached
    .filter((arn) =>
      /:iam::aws:policy\/(.*\/)?(AdministratorAccess|PowerUserAccess|\w*FullAccess)$/.test(arn),
    )
    .map((arn) => ({
      wrong: `attaches ${arn.split("/").at(-1)}, which allows all actions`,
      right: "write a policy with the actions that are needed",
    }));
}

/** What is known of an action that Terraform puts together: the texts in it. */
const texts = (action: unknown): string[] =>
  action instanceof Unread ? action.literals : typeof action === "string" ? [action] : [];
