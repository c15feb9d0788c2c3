import { checkAwsVersion, execStanza } from "../../../../operations/kubeconfig/credentials";

test.each([
  "aws-cli/1.23.9 Python/3.8",
  "aws-cli/1.45.11 Python/3.11.7",
  "aws-cli/2.6.3 Python/3.9",
  "aws-cli/2.10.0",
  "aws-cli/3.0.0",
  "something else",
])("%s will do", (said) => {
  expect(() => checkAwsVersion(said)).not.toThrow();
});

test.each([
  "aws-cli/1.23.8 Python/3.8",
  "aws-cli/1.9.99",
  "aws-cli/2.6.2",
  "aws-cli/2.0.61",
  "aws-cli/0.9.0",
])("%s is too old", (said) => {
  expect(() => checkAwsVersion(said)).toThrow(
    expect.objectContaining({ kind: "refused", hint: expect.stringContaining("2.6.3") }),
  );
});

test("a stanza names a bare command, v1beta1 and no secret", () => {
  expect(
    execStanza("development", "us-east-1", "alpha", { source: "aws", role: "arn:x", profile: "p" }),
  ).toEqual({
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: [
      ...["--region", "us-east-1", "eks", "get-token", "--cluster-name", "development-alpha"],
      ...["--output", "json", "--role-arn", "arn:x"],
    ],
    env: [{ name: "AWS_PROFILE", value: "p" }],
    interactiveMode: "IfAvailable",
    provideClusterInfo: false,
  });
});
