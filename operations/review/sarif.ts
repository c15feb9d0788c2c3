import { createHash } from "node:crypto";
import { CHECKS } from "../../environment/policy/checks";
import { visible, visibleName } from "./markdown/escape";
import type { Review, Severity } from "./model";

/** The part of SARIF 2.1.0 that a review needs. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: "2.1.0";
  readonly runs: readonly [SarifRun];
}

interface SarifRun {
  readonly tool: { readonly driver: SarifDriver };
  readonly results: readonly SarifResult[];
}

interface SarifDriver {
  readonly name: string;
  readonly semanticVersion: string;
  readonly rules: readonly SarifRule[];
}

interface SarifRule {
  readonly id: string;
  readonly shortDescription: SarifText;
  readonly fullDescription: SarifText;
  readonly help: SarifText;
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: SarifLevel;
  readonly message: SarifText;
  readonly locations: readonly [SarifLocation];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly SarifSuppression[];
}

type SarifLevel = "error" | "warning" | "note";

interface SarifText {
  readonly text: string;
}

interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string };
    readonly region: { readonly startLine: number };
  };
  readonly logicalLocations: readonly [{ readonly fullyQualifiedName: string; readonly kind: string }];
}

interface SarifSuppression {
  readonly kind: "external";
  readonly status: "accepted";
  readonly justification: string;
}

/** One thing that a review says, before it is SARIF. */
interface Said {
  readonly rule: string;
  readonly about: string;
  readonly level: SarifLevel;
  readonly stack: string;
  readonly address: string | null;
  readonly text: string;
  readonly exempted?: string;
}

const LEVELS: Readonly<Record<Severity, SarifLevel>> = {
  refused: "error",
  danger: "error",
  attention: "warning",
  note: "note",
};

/**
 * A review as a SARIF log, for code scanning: what its changes mean, what the policy finds, and as suppressed what is
 * exempted from it. The same review gives the same log.
 *
 * @param version of Skyline
 */
export function sarifOf(review: Review, version: string): SarifLog {
  const said = allSaid(review);
  const rules = [...new Map(said.map(({ rule, about }) => [rule, about]))].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const indices = new Map(rules.map(([rule], index) => [rule, index]));
  const seen = new Map<string, number>();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Skyline", semanticVersion: version, rules: rules.map(ruleOf) } },
        results: said.map((one) => resultOf(one, indices.get(one.rule) ?? -1, seen)),
      },
    ],
  };
}

function allSaid({ meanings, findings, exempted }: Review): Said[] {
  return [
    ...meanings.map(({ code, severity, stack, address, text }): Said => ({
      rule: code,
      about: `a change that means: ${code.replaceAll("-", " ")}`,
      level: LEVELS[severity],
      stack,
      address,
      text,
    })),
    ...[...findings, ...exempted].map(({ check, wrong, right, stack, address, ...rest }): Said => ({
      rule: `policy/${check}`,
      about: CHECKS[check],
      level: "error",
      stack,
      address,
      text: `${wrong}; ${right}`,
      ...("reason" in rest && {
        exempted: justificationOf(rest as { reason: string; owner: string | null }),
      }),
    })),
  ];
}

const justificationOf = ({ reason, owner }: { reason: string; owner: string | null }) =>
  visible(owner === null ? reason : `${reason} (${owner})`);

function ruleOf([id, about]: readonly [string, string]): SarifRule {
  const described = { text: messageText(about) };
  return { id, shortDescription: described, fullDescription: described, help: described };
}

function resultOf(said: Said, ruleIndex: number, seen: Map<string, number>): SarifResult {
  const { rule, level, text, exempted } = said;
  const stack = visibleName(said.stack);
  const place = said.address === null ? stack : `${stack}/${visibleName(said.address)}`;
  const key = JSON.stringify([rule, place]);
  const nth = seen.get(key) ?? 0;
  seen.set(key, nth + 1);
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text: messageText(`${place}: ${text}`) },
    locations: [
      {
        physicalLocation: {
          // Every viewer wants a file: it is the stack's code, as a whole.
          artifactLocation: { uri: `cdktf.out/stacks/${encodeURIComponent(stack)}/cdk.tf.json` },
          region: { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: place, kind: said.address === null ? "stack" : "resource" }],
      },
    ],
    partialFingerprints: {
      "skylineResult/v1": createHash("sha256")
        .update(JSON.stringify([rule, place, nth]))
        .digest("hex"),
    },
    ...(exempted === undefined
      ? {}
      : { suppressions: [{ kind: "external", status: "accepted", justification: exempted }] }),
  };
}

/** A message without placeholders (`{0}`) and links (`[text](target)`), which viewers make something of. */
const messageText = (text: string) =>
  visible(text)
    .replace(/[{}]/g, (brace) => brace + brace)
    .replaceAll("](", "] (");
