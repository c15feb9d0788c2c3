/** What finds programs, a proxy and its certificate, and where providers come from. */
const KEPT = new Set([
  ...["PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"],
]);

/** Credentials that AWS' SDK would take before a profile's. */
const BEFORE_A_PROFILE = new Set([
  ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ...["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_DEFAULT_PROFILE"],
]);

/**
 * The whole environment of a Terraform that nothing but its code may steer: credentials, and no variable that brings
 * arguments (`TF_CLI_ARGS`), values (`TF_VAR_…`), another folder or workspace, or a log with secrets in it (`TF_LOG`).
 *
 * @param profile of the AWS configuration, in the place of the credentials that the environment has itself
 */
export function cleanEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  profile?: string,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) =>
      KEPT.has(name) || (name.startsWith("AWS_") && (profile === undefined || !BEFORE_A_PROFILE.has(name))),
  );
  return {
    ...Object.fromEntries(kept),
    ...(profile === undefined ? {} : { AWS_PROFILE: profile }),
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    // The folder is made for one run, so it has no lock file that a cached provider could be held against.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "1",
  };
}
