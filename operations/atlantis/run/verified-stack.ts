import { OperationFailure } from "../../failure";
import { fetchBundle } from "../bundle/fetch";
import { stackOf } from "../bundle/format";
import { storeAt } from "../bundle/store";
import { checkCode } from "../code-check/check";
import { environmentOf } from "../code-check/environment";
import { showFinding } from "../code-check/finding";
import type { Trust } from "../trust";
import type { StepRequest } from "./request";

/** A stack whose code is the commit's, and holds nothing that the server does not trust. */
export interface VerifiedStack {
  readonly stack: string;
  readonly environment: string;
  /** Profile of the server's AWS configuration that has its account's credentials; default: the server's own. */
  readonly profile: string | undefined;
  /** Text of its cdk.tf.json. */
  readonly code: string;
  /** Digest of the bundle that it is of. */
  readonly bundle: string;
  /** Stacks of the environment in that bundle. */
  readonly stacks: number;
}

/**
 * Takes a stack's code from the store, where it cannot be written a second time, and holds it against the trust file.
 * What lies in Atlantis' clone is not read.
 *
 * @param env of the server, which says how the store is reached
 * @throws OperationFailure refused, with every finding; timeout, when there is no bundle of the commit
 */
export async function verifiedStack(
  { stack, commit }: Pick<StepRequest, "stack" | "commit">,
  trust: Trust,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<VerifiedStack> {
  const bundle = await fetchBundle({ store: storeAt(trust.store, env), commit, signal });
  const { code } = stackOf(bundle, stack);
  const findings = checkCode(stack, code, trust);
  const found = environmentOf(stack, trust);
  if (findings.length > 0 || found === undefined) {
    const lines = [
      `the code of ${stack} holds what this server does not trust:`,
      ...findings.map(showFinding),
    ];
    throw new OperationFailure(
      "refused",
      lines.join("\n"),
      "change the code, or have the server's trust file changed first",
    );
  }
  const { environment, trusted } = found;
  const stacks = Object.keys(bundle.stacks).filter(
    (other) => environmentOf(other, trust)?.environment === environment,
  ).length;
  return { stack, environment, profile: trusted.profile, code, bundle: bundle.digest, stacks };
}
