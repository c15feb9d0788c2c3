/**
 * The SDK of Systems Manager, loaded when it is used. An import would be parsed for its names first, since it is a
 * CommonJS package: a tenth of all that a refresh takes.
 */
export function parameterStore() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  return require("@aws-sdk/client-ssm") as typeof import("@aws-sdk/client-ssm");
}
