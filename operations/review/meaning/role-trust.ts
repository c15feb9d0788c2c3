import { isObject } from "../../../environment/json-object";
import { listed } from "../../words";
import { childOf } from "../masked";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { bothSides, changes, textIn, textOf } from "./changes";
import type { Rule, Said } from "./rule";

const POLICY = "assume_role_policy";

/** Who may take on a role of AWS changes, or a role is made for somebody outside of the account. */
export const roleTrustChanged: Rule = (stack) =>
  stack.plan.changes
    .filter(
      (change) =>
        change.type === "aws_iam_role" &&
        (change.action === "create" || (change.action !== "delete" && changes(change, POLICY))),
    )
    .flatMap((change): Said[] => {
      const [before, after] = bothSides(change, (side) => principalsIn(textIn(side, POLICY)));
      const added = [...after].filter((principal) => !before.has(principal)).sort();
      const account = accountOf(stack, change);
      const outside = added.filter((principal) => !isInside(principal, account)).map(nameOf);
      if (outside.length === 0 && change.action === "create") {
        return [];
      }
      const role = textOf(change, "name") ?? "this role";
      return [
        {
          code: "role-trust-changed",
          severity: outside.length > 0 ? "danger" : "attention",
          address: change.address,
          text:
            outside.length > 0
              ? `${listed(outside)}, which ${outside.length === 1 ? "is" : "are"} of no role or service of this account, may take on ${role}`
              : added.length > 0
                ? `${listed(added.map(nameOf))} may take on ${role}`
                : `who may take on ${role}, or how, changes`,
          explains: [{ change, attributes: [POLICY] }],
        },
      ];
    });

/** `AWS arn:aws:iam::111111111111:root` of each statement that allows; nothing of what cannot be read. */
function principalsIn(policy: string | undefined): Set<string> {
  const statements = [childOf(parsed(policy), "Statement")].flat();
  return new Set(
    statements
      .filter((statement) => childOf(statement, "Effect") === "Allow")
      .flatMap((statement) => {
        // All but somebody is everybody.
        const principal =
          childOf(statement, "NotPrincipal") === undefined ? childOf(statement, "Principal") : "*";
        return typeof principal === "string"
          ? [`AWS ${principal}`]
          : isObject(principal)
            ? Object.entries(principal).flatMap(([kind, names]) =>
                [names].flat().map((name) => `${kind} ${String(name)}`),
              )
            : [];
      }),
  );
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

const nameOf = (principal: string) => principal.slice(principal.indexOf(" ") + 1);

function isInside(principal: string, account: string | undefined): boolean {
  const [, own] = /^(?:arn:[^:]*:[^:]*:[^:]*:)?(\d{12})(?::|$)/.exec(nameOf(principal)) ?? [];
  return principal.startsWith("Service ") || (own !== undefined && own === account);
}

/** The account of a stack's resources, the changed one first. */
const accountOf = ({ plan }: PlannedStack, change: PlannedChange): string | undefined =>
  [change, ...plan.unchanged, ...plan.changes]
    // Whatever the plan says will be, what stands knows its account.
    .map(
      ({ before, after }) =>
        /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(textIn(before, "arn") ?? textIn(after, "arn") ?? "")?.[1],
    )
    .find((account) => account !== undefined);
