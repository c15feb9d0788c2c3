/** Where the SDKs find AWS. */
export interface AwsAccess {
  readonly aws: string;
  readonly eks: string;
  readonly account: string;
  readonly region: string;
}

/** Options of a client of an emulated AWS: both emulators take an access key of 12 digits as the account. */
export function clientOptions(access: AwsAccess, endpoint: string) {
  // The SDK's remark on the age of Node is no business of who runs this.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  return {
    endpoint,
    region: access.region,
    credentials: { accessKeyId: access.account, secretAccessKey: "emulated" },
  };
}
