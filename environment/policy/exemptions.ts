import type { CheckName } from "./checks";
import type { Finding } from "./check-policy";

/** A resource that a check passes over, for a reason. */
export interface Exemption {
  readonly check: CheckName;
  /** `<stack>/<address>`. */
  readonly resource: string;
  readonly reason: string;
  /** Who answers for it; those beside a resource are answered for by who owns the code. */
  readonly owner?: string;
  /** Where it is written, for the message when it is of no use any more. */
  readonly source: "file" | "code";
}

export interface PolicyResult {
  /** Findings that nobody has exempted. */
  readonly findings: readonly FindingInStack[];
  /** Exemptions of nothing: what they were for is gone. */
  readonly unused: readonly Exemption[];
}

export interface FindingInStack extends Finding {
  readonly stack: string;
}

/** Takes away what is exempted. An exemption is for all findings of its check on its resource. */
export function exempted(
  findings: readonly FindingInStack[],
  exemptions: readonly Exemption[],
): PolicyResult {
  const key = ({ check, resource }: Pick<Exemption, "check" | "resource">) => `${check} ${resource}`;
  const found = new Set(
    findings.map(({ check, stack, address }) => key({ check, resource: `${stack}/${address}` })),
  );
  const passed = new Set(exemptions.map(key));
  return {
    findings: findings.filter(
      ({ check, stack, address }) => !passed.has(key({ check, resource: `${stack}/${address}` })),
    ),
    unused: exemptions.filter((exemption) => !found.has(key(exemption))),
  };
}

/** What the policy does not let pass. The message has a line for each finding and says how to exempt one. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly findings: readonly FindingInStack[];
  readonly unused: readonly Exemption[];

  constructor({ findings, unused }: PolicyResult) {
    super(
      [
        ...findings.map(
          ({ stack, address, check, wrong, right }) => `${stack}/${address}  ${check}: ${wrong}; ${right}`,
        ),
        ...unused.map(
          ({ check, resource, source }) =>
            `${resource}  ${check}: the exemption in the ${source} is for nothing that was found; take it out`,
        ),
        ...(findings.length > 0 ? [HOW_TO_EXEMPT] : []),
      ].join("\n"),
    );
    this.findings = findings;
    this.unused = unused;
  }
}

const HOW_TO_EXEMPT = `What has to stay as it is wants an exemption (docs/policy.md), beside the resource
  exempt(resource, { check: "…", reason: "…" })
or in the environment's file
  policy: { exemptions: [{ check: …, resource: <stack>/<address>, reason: …, owner: … }] }`;
