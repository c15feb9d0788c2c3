/**
 * cdktf notes where each token was made, for the text of errors in resolving it: a fifth of the time that synth takes,
 * and half with 50 clusters. The app goes without, unless SKYLINE_CREATION_STACKS=1 asks for them.
 *
 * The function is cdktf's own and not public, so another version that has none is left as it is. CDK Terrain reads a
 * variable instead.
 */
export function skipCreationStacks(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.SKYLINE_CREATION_STACKS === "1") {
    return;
  }
  environment.CDKTN_DISABLE_CREATION_STACK ??= "1";
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- may be missing
    const module = require("cdktf/lib/tokens/private/stack-trace") as { captureStackTrace?: () => string[] };
    if (typeof module.captureStackTrace === "function") {
      module.captureStackTrace = () => [];
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") {
      throw error;
    }
  }
}
