import type { SarifLog } from "../../operations/review/sarif";

/** Rules of the published schema of SARIF 2.1.0, for the objects that a log of Skyline's has: none may have another key. */
type Rule =
  | "string"
  | "line"
  | "index"
  | "uri-reference"
  | readonly string[]
  | { readonly list: string; readonly unique?: true }
  | { readonly of: string };

const OBJECTS: Readonly<
  Record<string, { readonly required: readonly string[]; readonly keys: Readonly<Record<string, Rule>> }>
> = {
  log: {
    required: ["version", "runs"],
    keys: { $schema: "uri-reference", version: ["2.1.0"], runs: { list: "run" } },
  },
  run: { required: ["tool"], keys: { tool: { of: "tool" }, results: { list: "result" } } },
  tool: { required: ["driver"], keys: { driver: { of: "component" } } },
  component: {
    required: ["name"],
    keys: { name: "string", semanticVersion: "string", rules: { list: "rule", unique: true } },
  },
  rule: {
    required: ["id"],
    keys: {
      id: "string",
      shortDescription: { of: "text" },
      fullDescription: { of: "text" },
      help: { of: "text" },
    },
  },
  text: { required: ["text"], keys: { text: "string" } },
  result: {
    required: ["message"],
    keys: {
      ruleId: "string",
      ruleIndex: "index",
      level: ["none", "note", "warning", "error"],
      message: { of: "text" },
      locations: { list: "location" },
      partialFingerprints: { of: "fingerprints" },
      suppressions: { list: "suppression", unique: true },
    },
  },
  location: {
    required: [],
    keys: { physicalLocation: { of: "physical" }, logicalLocations: { list: "logical", unique: true } },
  },
  physical: {
    required: ["artifactLocation"],
    keys: { artifactLocation: { of: "artifact" }, region: { of: "region" } },
  },
  artifact: { required: [], keys: { uri: "uri-reference" } },
  region: { required: ["startLine"], keys: { startLine: "line" } },
  logical: { required: [], keys: { fullyQualifiedName: "string", kind: "string" } },
  suppression: {
    required: ["kind"],
    keys: {
      kind: ["inSource", "external"],
      status: ["accepted", "underReview", "rejected"],
      justification: "string",
    },
  },
  fingerprints: { required: [], keys: { "skylineResult/v1": "string" } },
};

/** RFC 3986, without what a path here does not have. */
const URI_REFERENCE = /^(?:https:\/\/)?(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$/;

/** What breaks the schema, or what the specification and GitHub's code scanning say beyond it. */
export function sarifProblems(log: SarifLog): string[] {
  const { driver } = log.runs[0].tool;
  const ids = driver.rules.map(({ id }) => id);
  return [
    ...objectProblems(log, "log", "log"),
    ...(new Set(ids).size === ids.length ? [] : ["two rules of one id"]),
    ...log.runs[0].results.flatMap(({ ruleId, ruleIndex, message }) => [
      ...(driver.rules[ruleIndex]?.id === ruleId ? [] : [`ruleIndex ${ruleIndex} is not ${ruleId}`]),
      ...(/(?<!\{)(?:\{\{)*\{(?!\{)/.test(message.text) ? [`a placeholder: ${message.text}`] : []),
      ...(message.text.includes("](") ? [`a link: ${message.text}`] : []),
    ]),
  ];
}

function objectProblems(value: unknown, kind: string, at: string): string[] {
  const rules = OBJECTS[kind];
  if (rules === undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${at} is no ${kind}`];
  }
  const missing = rules.required.filter((key) => !Object.hasOwn(value, key));
  return [
    ...missing.map((key) => `${at}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const rule = rules.keys[key];
      return rule === undefined ? [`${at}.${key} is unknown`] : valueProblems(inner, rule, `${at}.${key}`);
    }),
  ];
}

function valueProblems(value: unknown, rule: Rule, at: string): string[] {
  const wrong = (right: boolean) => (right ? [] : [`${at} is ${JSON.stringify(value)}`]);
  if (rule === "string") return wrong(typeof value === "string");
  if (rule === "line") return wrong(Number.isInteger(value) && Number(value) >= 1);
  if (rule === "index") return wrong(Number.isInteger(value) && Number(value) >= 0);
  if (rule === "uri-reference") return wrong(typeof value === "string" && URI_REFERENCE.test(value));
  if ("of" in rule) return objectProblems(value, rule.of, at);
  if (!("list" in rule)) return wrong(rule.includes(String(value)));
  if (!Array.isArray(value)) return wrong(false);
  const texts = value.map((one) => JSON.stringify(one));
  return [
    ...(rule.unique === true && new Set(texts).size !== texts.length ? [`${at} has twins`] : []),
    ...value.flatMap((one, index) => objectProblems(one, rule.list, `${at}[${index}]`)),
  ];
}
