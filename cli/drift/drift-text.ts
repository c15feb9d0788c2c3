import type {
  ActiveView,
  ChangedOutside,
  DriftReport,
  NotApplied,
  StackDrift,
} from "../../operations/drift/model";
import { visible } from "../../operations/review/markdown/escape";
import type { AttributeChange, ChangeAction, Shown } from "../../operations/review/model";
import { counted } from "../../operations/words";
import { table } from "../table";

/** A report for people: one line when there is nothing to say. */
export function driftText(report: DriftReport): string {
  const { stacks, active, findings, notes, unknown } = report;
  const sections = [
    section("Changed outside of Terraform", stacks.flatMap(outsideLines)),
    section("Not applied yet: in the code, and not in the state", stacks.flatMap(notAppliedLines)),
    report.verdict === "none" ? [] : activeLines(active),
    section(
      "Disagreements",
      findings.flatMap(({ text, fix }) => [`  ${text}`, `    -> ${fix}`]),
    ),
    section(
      "Could not be looked at",
      unknown.flatMap(({ what, reason, hint }) => [
        ...`  ${what}: ${reason.replaceAll("\n", "\n    ")}`.split("\n"),
        ...(hint === null ? [] : [`    -> ${hint}`]),
      ]),
    ),
    section(
      "Notes",
      notes.map((note) => `  ${note}`),
    ),
  ];
  const lines = [
    headline(report),
    ...sections.flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines])),
  ];
  return lines.map(visible).join("\n");
}

const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [title, ...lines]);

function headline({ environment, verdict, stacks, active, findings, unknown }: DriftReport): string {
  const leftOut = stacks.filter(({ state }) => state === "left-out").length;
  const without = leftOut === 0 ? "" : ` (${counted(leftOut, "platform stack")} left out)`;
  if (verdict === "none") {
    const looked = stacks.length - leftOut;
    return `${environment}: no drift: ${counted(looked, "stack")}${without}, and ${active.cluster ?? "no cluster"} is active wherever it is said`;
  }
  const outside = sum(stacks, ({ changedOutside }) => changedOutside.length);
  const pending = stacks.filter(isPending).length;
  const parts = [
    ...(outside === 0 ? [] : [`${counted(outside, "resource")} changed outside of Terraform`]),
    ...(pending === 0 ? [] : [`${counted(pending, "stack")} not applied as the code is`]),
    ...(findings.length === 0 ? [] : [counted(findings.length, "disagreement")]),
    ...(unknown.length === 0 ? [] : [`${counted(unknown.length, "part")} could not be looked at`]),
  ];
  return `${environment}: ${parts.join(", ")}${without}`;
}

const isPending = ({ state, notApplied, outputs }: StackDrift) =>
  state === "waits" || notApplied.length + outputs.length > 0;

/** So many resources with the very same change are told together. */
const TOGETHER = 3;
/** Addresses of them that are named. */
const NAMED = 3;

function outsideLines({ stack, changedOutside }: StackDrift): string[] {
  const groups = new Map<string, ChangedOutside[]>();
  for (const one of changedOutside) {
    const key = JSON.stringify([one.change, one.attributes]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const lines = [...groups.values()].flatMap((group) =>
    group.length < TOGETHER ? group.flatMap((one) => resourceLines(one.address, one)) : togetherLines(group),
  );
  return lines.length === 0 ? [] : [`  ${stack}`, ...lines];
}

function togetherLines(group: readonly ChangedOutside[]): string[] {
  const [first] = group;
  const names = group.slice(0, NAMED).map(({ address }) => address);
  const rest = group.length - names.length;
  const all = `${group.length} resources: ${names.join(", ")}${rest === 0 ? "" : ` and ${rest} more`}`;
  return first === undefined ? [] : resourceLines(all, first);
}

const resourceLines = (who: string, { change, attributes }: ChangedOutside): string[] =>
  change === "gone"
    ? [`    gone: ${who}`]
    : [
        `    ${who}`,
        ...attributes.map(({ path, before, after }) => `      ${path}: ${shown(before)} -> ${shown(after)}`),
      ];

/** Resources of a stack that are named. */
const LISTED = 10;

const SIGNS: Readonly<Record<ChangeAction, readonly [sign: string, word: string]>> = {
  create: ["+", "to create"],
  update: ["~", "to change"],
  replace: ["-/+", "to replace"],
  "replace-first": ["+/-", "to replace"],
  delete: ["-", "to destroy"],
  import: ["<", "to import"],
  move: [">", "to move"],
  forget: ["x", "to forget"],
};

function notAppliedLines({ stack, state, waitsFor, notApplied, outputs }: StackDrift): string[] {
  if (state === "waits") {
    return [`  ${stack} waits for ${waitsFor}`];
  }
  const counts = new Map<string, number>();
  for (const { action } of notApplied) {
    const [, word] = SIGNS[action];
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [
    ...[...counts].map(([word, number]) => `${number} ${word}`),
    ...(outputs.length === 0 ? [] : [`outputs ${[...new Set(outputs.map(nameOf))].join(", ")}`]),
  ];
  const rest = notApplied.length - LISTED;
  return parts.length === 0
    ? []
    : [
        `  ${stack}: ${parts.join(", ")}`,
        ...notApplied.slice(0, LISTED).map(pendingLine),
        ...(rest > 0 ? [`    … and ${rest} more`] : []),
      ];
}

const nameOf = ({ path }: AttributeChange) => /^[^.[]*/.exec(path)?.[0] ?? path;

function pendingLine({ action, address, attributes }: NotApplied): string {
  const names = [...new Set(attributes.map(nameOf))].sort();
  const which = action === "create" || names.length === 0 ? "" : ` (${names.join(", ")})`;
  return `    ${SIGNS[action][0]} ${address}${which}`;
}

const SOURCES = { parameter: "parameter", file: "file", "api-name": "API name", dial: "dial" } as const;

/** Who says what, when not all say the same. */
function activeLines({ cluster, sources }: ActiveView): string[] {
  if (sources.every(({ agrees }) => agrees === true)) {
    return [];
  }
  const rows = sources.map(({ source, where, value, agrees, remark }) => [
    `  ${SOURCES[source]}`,
    where,
    value ?? "-",
    [agrees === null ? [] : agrees ? "agrees" : "disagrees", remark ?? []].flat().join(", "),
  ]);
  return [
    `Active cluster: ${cluster ?? "nothing says it"}`,
    ...table(["  SAID BY", "WHERE", "SAYS", ""], rows).split("\n"),
  ];
}

/** Longest text of a value; --json has all of it. */
const LONGEST = 100;

function shown(value: Shown): string {
  switch (value.kind) {
    case "value":
      return value.json.length > LONGEST ? `${value.json.slice(0, LONGEST)}…` : value.json;
    case "absent":
      return "nothing";
    case "sensitive":
      return "(sensitive)";
    case "unknown":
      return "(known after apply)";
  }
}

const sum = <T>(items: readonly T[], of: (item: T) => number) =>
  items.reduce((total, item) => total + of(item), 0);
