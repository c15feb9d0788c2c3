import { awsFailure } from "../../../../operations/aws/failure";

const named = (name: string, more: object = {}) => Object.assign(new Error("says\n  AWS"), { name, ...more });
const place = { account: "111111111111", region: "us-east-1", page: "docs/commands/pki.md" };
const failure = (error: unknown) => awsFailure(error, "reading secret x", place);

test.each([
  ["AccessDeniedException", "denied"],
  ["CredentialsProviderError", "denied"],
  ["ExpiredTokenException", "denied"],
  ["UnrecognizedClientException", "denied"],
  ["InvalidSignatureException", "denied"],
  ["DecryptionFailure", "denied"],
  ["TimeoutError", "unreachable"],
  ["ThrottlingException", "unreachable"],
  ["InternalServiceError", "unreachable"],
  ["InvalidParameterException", "invalid"],
  ["ValidationException", "invalid"],
  ["InvalidRequestException", "conflict"],
  ["LimitExceededException", "refused"],
])("%s is %s", (name, kind) => {
  expect(failure(named(name))).toMatchObject({ kind, message: `reading secret x: ${name}: says AWS` });
});

test.each([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNRESET",
  "EHOSTUNREACH",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
])("%s is unreachable, and says to run it again", (code) => {
  expect(failure(named("Error", { code }))).toMatchObject({
    kind: "unreachable",
    hint: expect.stringContaining("run it again"),
  });
});

test("of credentials the hint names the environment's account", () => {
  expect(failure(named("AccessDeniedException"))).toMatchObject({
    hint: expect.stringContaining("account 111111111111"),
  });
});

test("any other answer of AWS is a refusal; what is no answer of AWS is a bug, and stays what it is", () => {
  expect(failure(named("SomethingNewException", { $metadata: {} }))).toMatchObject({ kind: "refused" });
  const bug = new TypeError("x is undefined");
  expect(failure(bug)).toBe(bug);
});
