import { OperationFailure, type FailureKind } from "../failure";

/** What kubectl says, and what it is for whoever runs a command. The first that fits. */
const kinds: readonly (readonly [RegExp, FailureKind])[] = [
  [
    /context ".*" does not exist|context was not found|error loading config file|no configuration has been/i,
    "invalid",
  ],
  [
    /\((Forbidden|Unauthorized)\)|must be logged in|You must be logged|getting credentials|provide credentials/i,
    "denied",
  ],
  [/\(Conflict\)|the object has been modified/, "conflict"],
  [/\(NotFound\)/, "missing"],
  [
    /Unable to connect to the server|The connection to the server|was refused - did you specify|dial tcp|no such host/i,
    "unreachable",
  ],
  [
    /i\/o timeout|TLS handshake|x509:|deadline exceeded|Client\.Timeout|EOF$|\((ServiceUnavailable|InternalError|Timeout|ServerTimeout|TooManyRequests)\)/,
    "unreachable",
  ],
];

/**
 * A kubectl that ended with an error.
 *
 * @param stderr what it said
 * @param what `kubectl get service`
 */
export function kubectlFailure(stderr: string, what: string, context: string): OperationFailure {
  // Discovery logs a line for each try before the error itself: E1122 09:00:00.000000 memcache.go:265] …
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !/^[EWI]\d{4} /.test(line));
  const said = (lines.length > 0 ? lines : [stderr.trim()]).join(" ").slice(0, 500);
  const kind = kinds.find(([pattern]) => pattern.test(said))?.[1] ?? "refused";
  return new OperationFailure(kind, `${what} (context ${context}): ${said}`, hints[kind]?.(context));
}

const hints: Partial<Record<FailureKind, (context: string) => string>> = {
  invalid: (context) =>
    `name another with --context or --kubeconfig; kubectl config get-contexts has no ${context}`,
  denied: () => "use credentials that may do this",
  unreachable: (context) => `see whether this answers: kubectl --context ${context} version`,
};
