import { found, wrongWith } from "./checked";

const statement = (more: object) => ({
  Effect: "Allow",
  Action: ["sqs:SendMessage"],
  Resource: ["arn:aws:sqs:us-east-1:111111111111:a"],
  ...more,
});
const json = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const role = (policy: string) => wrongWith("wildcard-iam", "aws_iam_role_policy", { policy });

describe.each([
  ["JSON", json],
  // What cdktf writes for Fn.jsonencode.
  [
    "jsonencode",
    (...statements: object[]) => `\${jsonencode(${json(...statements).replace(/":/g, '" = ')})}`,
  ],
])("written as %s", (_, write) => {
  test.each<[string, object, string]>([
    ["all actions", { Action: ["*"] }, "allows *; name the actions"],
    ["all actions of a service", { Action: "s3:*" }, "allows s3:*; name the actions"],
    ["several of these", { Action: ["iam:*", "sqs:SendMessage", "ec2:*"] }, "allows iam:*, ec2:*; "],
    [
      "all actions but some",
      { Action: undefined, NotAction: ["iam:*"] },
      "allows all actions but some (NotAction)",
    ],
    ["writing to all resources", { Resource: "*" }, "allows sqs:SendMessage on all resources"],
    [
      "writing to all of a service",
      { Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::*"] },
      "allows s3:PutObject on all resources",
    ],
    [
      "writing to all of a type",
      { Action: ["iam:PassRole"], Resource: ["arn:aws:iam::111111111111:role/*"] },
      "allows iam:PassRole on all resources",
    ],
    [
      "writing to all resources but some",
      { Resource: undefined, NotResource: ["arn:aws:sqs:::a"] },
      "allows sqs:SendMessage on all resources",
    ],
    [
      "reading all secrets",
      { Action: ["secretsmanager:GetSecretValue"], Resource: ["*"] },
      "allows secretsmanager:GetSecretValue on all",
    ],
    [
      "reading all secrets in other words",
      { Action: ["ssm:Get*"], Resource: ["*"] },
      "allows ssm:Get* on all resources",
    ],
    [
      "deciphering with all keys",
      { Action: ["kms:Decrypt"], Resource: ["*"] },
      "allows kms:Decrypt on all resources",
    ],
    [
      "writing, narrowed by nothing but transport",
      { Resource: ["*"], Condition: { Bool: { "aws:SecureTransport": "true" } } },
      "on all resources",
    ],
  ])("%s", (_, more, words) => {
    expect(role(write(statement(more)))).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, object]>([
    ["named actions on named resources", {}],
    [
      "looking around",
      {
        Action: ["ec2:Describe*", "autoscaling:DescribeAutoScalingGroups", "ecr:GetAuthorizationToken"],
        Resource: ["*"],
      },
    ],
    [
      "what knows no resource",
      { Action: ["cloudwatch:PutMetricData", "ssmmessages:OpenDataChannel"], Resource: "*" },
    ],
    [
      "writing to what has a tag",
      { Resource: ["*"], Condition: { StringEquals: { "aws:ResourceTag/skyline:cluster": "a" } } },
    ],
    [
      "everything below a path",
      { Action: ["iam:PassRole"], Resource: ["arn:aws:iam::111111111111:role/nodes/*"] },
    ],
    ["everything below a name", { Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::bucket/*"] }],
    ["what is denied", { Effect: "Deny", Action: ["*"], Resource: ["*"] }],
  ])("nothing about %s", (_, more) => {
    expect(role(write(statement(more)))).toEqual([]);
  });
});

test("values that only an apply knows do not hide the rest", () => {
  const policy =
    '${jsonencode({"Version" = "2012-10-17", "Statement" = [{"Effect" = "Allow", "Action" = ["logs:PutLogEvents"], ' +
    '"Resource" = [aws_cloudwatch_log_group.a.arn, join("", [aws_cloudwatch_log_group.a.arn, ":*"]), "${aws_s3_bucket.b.arn}/*"]}, ' +
    '{"Effect" = "Allow", "Action" = ["iam:*"], "Resource" = [aws_iam_role.a.arn]}]})}';
  expect(role(policy)).toEqual(["allows iam:*; name the actions that are needed"]);
});

test("an action in an expression is seen", () => {
  expect(
    role(
      '${jsonencode({"Statement" = [{"Effect" = "Allow", "Action" = concat(["iam:*"], var.more), "Resource" = [aws_iam_role.a.arn]}]})}',
    ),
  ).toEqual(["allows iam:*; name the actions that are needed"]);
});

test.each([
  ["a file", '${file("policy.json")}'],
  ["statements out of a variable", '${jsonencode({"Statement" = var.statements})}'],
  ["half a policy", '${jsonencode({"Statement" = [{"Effect" = "Allow"})}'],
])("%s cannot be read, and so cannot be judged", (_, policy) => {
  expect(role(policy)).toEqual([
    "policy cannot be read before an apply; write it with jsonencode, or as a data source aws_iam_policy_document",
  ]);
});

test("a data source is read in its own place, by all that refer to it", () => {
  const document = (statement: object) => ({
    data: { aws_iam_policy_document: { it: { statement: [statement] } } },
    resource: { aws_iam_policy: { it: { policy: "${data.aws_iam_policy_document.it.json}" } } },
  });
  expect(found("wildcard-iam", document({ actions: ["*"], resources: ["*"] }))).toEqual([
    "data.aws_iam_policy_document.it: allows *; name the actions that are needed",
  ]);
  expect(found("wildcard-iam", document({ actions: ["sqs:SendMessage"], resources: ["*"] }))).toEqual([
    expect.stringContaining("allows sqs:SendMessage on all resources"),
  ]);
  const narrowed = {
    actions: ["sqs:SendMessage"],
    resources: ["*"],
    condition: [{ test: "StringEquals", variable: "aws:ResourceTag/a", values: ["b"] }],
  };
  expect(found("wildcard-iam", document(narrowed))).toEqual([]);
  expect(found("wildcard-iam", document({ effect: "Deny", actions: ["*"], resources: ["*"] }))).toEqual([]);
});

test("a role's policies inside it, and AWS' own that are attached", () => {
  expect(
    wrongWith("wildcard-iam", "aws_iam_role", {
      assume_role_policy: json({
        Effect: "Allow",
        Action: ["sts:AssumeRole"],
        Principal: { Service: "ec2.amazonaws.com" },
      }),
      inline_policy: [{ name: "a", policy: json(statement({ Action: ["*"] })) }],
      managed_policy_arns: ["arn:aws:iam::aws:policy/AdministratorAccess"],
    }),
  ).toEqual([
    expect.stringContaining("attaches AdministratorAccess, which allows all actions"),
    expect.stringContaining("allows *"),
  ]);
  const attached = (name: string) =>
    wrongWith("wildcard-iam", "aws_iam_role_policy_attachment", {
      policy_arn: `arn:aws:iam::aws:policy/${name}`,
    });
  expect(attached("AmazonS3FullAccess")).toHaveLength(1);
  expect(attached("service-role/AmazonEBSCSIDriverPolicy")).toEqual([]);
});

describe("who may use a resource", () => {
  const root = { AWS: "arn:aws:iam::111111111111:root" };

  test.each<[string, string, object, string]>([
    [
      "everybody takes on a role",
      "aws_iam_role",
      { assume_role_policy: json({ Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" }) },
      "lets in every principal of every account",
    ],
    [
      "everybody reads a bucket",
      "aws_s3_bucket_policy",
      { policy: json(statement({ Action: ["s3:GetObject"], Principal: { AWS: "*" } })) },
      "lets in every principal",
    ],
    [
      "everybody reads it over TLS",
      "aws_s3_bucket_policy",
      {
        policy: json(
          statement({
            Action: ["s3:GetObject"],
            Principal: { AWS: ["*"] },
            Condition: { Bool: { "aws:SecureTransport": "true" } },
          }),
        ),
      },
      "lets in every principal",
    ],
    [
      "a role does all with a bucket",
      "aws_s3_bucket_policy",
      {
        policy: json(statement({ Action: ["s3:*"], Principal: { AWS: "arn:aws:iam::111111111111:role/a" } })),
      },
      "allows s3:*",
    ],
    [
      "a role does all with a key",
      "aws_kms_key",
      {
        policy: json(
          statement({
            Action: ["kms:*"],
            Resource: "*",
            Principal: { AWS: "arn:aws:iam::111111111111:role/a" },
          }),
        ),
      },
      "allows kms:*",
    ],
  ])("%s", (_, type, values, words) => {
    expect(wrongWith("wildcard-iam", type, values as never)).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, string, object]>([
    [
      "the account administers its key",
      "aws_kms_key",
      { policy: json(statement({ Action: ["kms:*"], Resource: ["*"], Principal: root })) },
    ],
    [
      "a service uses a key",
      "aws_kms_key",
      {
        policy: json(
          statement({
            Action: ["kms:Decrypt"],
            Resource: ["*"],
            Principal: { Service: "logs.amazonaws.com" },
          }),
        ),
      },
    ],
    [
      "plain HTTP is denied to everybody",
      "aws_s3_bucket_policy",
      { policy: json(statement({ Effect: "Deny", Action: ["s3:*"], Principal: "*" })) },
    ],
    [
      "everybody of the organization",
      "aws_s3_bucket_policy",
      {
        policy: json(
          statement({
            Action: ["s3:GetObject"],
            Principal: "*",
            Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
          }),
        ),
      },
    ],
    ["rules of another kind", "aws_ecr_lifecycle_policy", { policy: '{"rules":[]}' }],
  ])("nothing about: %s", (_, type, values) => {
    expect(wrongWith("wildcard-iam", type, values as never)).toEqual([]);
  });
});
