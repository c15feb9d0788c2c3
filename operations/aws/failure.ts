import { OperationFailure, type FailureKind } from "../failure";
import type { AwsPlace } from "./account";

/** What AWS and its SDK call an error, and what it is for whoever runs a command. */
const kinds: readonly (readonly [RegExp, FailureKind])[] = [
  [/ProviderError$|Token|AccessDenied|Unauthorized|UnrecognizedClient|Signature|OptInRequired/, "denied"],
  [/^(Encryption|Decryption)Failure$/, "denied"],
  [
    /^(Timeout|Networking)Error$|Throttl|^(InternalService|Internal|ServiceUnavailable)|^RequestTimeout/,
    "unreachable",
  ],
  [/^(InvalidParameter|Validation)|InvalidKeyId/, "invalid"],
  [/^InvalidRequest/, "conflict"],
  [/LimitExceeded/, "refused"],
];
const NETWORK =
  /^E(CONN|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|TIMEDOUT|PIPE|PROTO)|^(CERT|ERR_TLS|ERR_SSL)|SELF_SIGNED|^UNABLE_TO/;

/**
 * An error of the SDK as the end of a command.
 *
 * @param what `reading secret skyline/…`
 * @returns the error itself when it is none of AWS
 */
export function awsFailure(error: unknown, what: string, place: AwsPlace): unknown {
  if (!(error instanceof Error) || error instanceof OperationFailure) {
    return error;
  }
  const { code } = error as NodeJS.ErrnoException;
  const network = code !== undefined && NETWORK.test(code);
  const kind = network ? "unreachable" : kinds.find(([names]) => names.test(error.name))?.[1];
  if (kind === undefined) {
    return "$metadata" in error ? new OperationFailure("refused", `${what}: ${told(error)}`) : error;
  }
  return new OperationFailure(kind, `${what}: ${told(error)}`, hintOf(kind, place));
}

/** `AccessDeniedException: User … is not authorized to …`, in one line. */
const told = ({ name, message }: Error) => `${name}: ${message}`.replace(/\s*\n\s*/g, " ");

function hintOf(kind: FailureKind, { account, page }: AwsPlace): string | undefined {
  if (kind === "denied") {
    const policy = `${page} has the policy that this needs`;
    return account === undefined
      ? `use credentials of the environment's account; ${policy}`
      : `the environment is of account ${account}: use credentials of it; ${policy}`;
  }
  return kind === "unreachable"
    ? "run it again once AWS can be reached: it goes on where it stopped"
    : undefined;
}
