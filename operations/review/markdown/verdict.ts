import { counted, listed } from "../../words";
import type { Counts, Meaning, Review, Severity, StackReview } from "../model";
import type { Block } from "./budget";
import { code, prose } from "./escape";
import { isAlone, leftOut } from "./words";

const OPENINGS: Readonly<Record<Severity, string>> = {
  refused: "Do not apply",
  danger: "Danger",
  attention: "Look closely",
  note: "No danger found",
};

const SEVERITIES: readonly Severity[] = ["refused", "danger", "attention", "note"];

/** What of a review is one environment's; of one environment alone, all of it. */
interface Part extends Pick<Review, "stacks" | "meanings" | "findings"> {
  /** Undefined when nothing is under review. */
  readonly environment: string | undefined;
}

/** An environment's headline, and how bad it is: a place in {@link SEVERITIES}. */
interface Headline {
  readonly rank: number;
  readonly line: string;
}

/** The first line, one more for each other environment that changes, and what is planned in numbers. */
export function verdictBlock(review: Review): Block {
  const parts = partsOf(review);
  const [first, ...others] = parts
    .flatMap(headlineOf)
    .sort((one, other) => one.rank - other.rank)
    .map(({ line }) => line);
  return {
    head: [first ?? quietLine(review, parts.length === 1 ? parts[0]?.environment : undefined)],
    items: others.map((line) => () => `\n${line}`),
    left: leftOut,
    tail: ["", inNumbers(review)],
    rank: 0,
    most: 1 / 5,
  };
}

/** By environment, in the order of their names. */
function partsOf({ stacks, meanings, findings }: Review): Part[] {
  const environments = [...new Set(stacks.map(({ environment }) => environment))].sort();
  if (environments.length < 2) {
    return [{ environment: environments[0], stacks, meanings, findings }];
  }
  return environments.map((environment) => {
    const own = stacks.filter((stack) => stack.environment === environment);
    const names = new Set(own.map(({ stack }) => stack));
    const isOwn = ({ stack }: { readonly stack: string }) => names.has(stack);
    return { environment, stacks: own, meanings: meanings.filter(isOwn), findings: findings.filter(isOwn) };
  });
}

/** None of an environment where nothing changes. */
function headlineOf({ environment, stacks, meanings, findings }: Part): Headline[] {
  const reasons = SEVERITIES.map((severity) => [
    ...meanings.filter((meaning) => meaning.severity === severity).map(({ text }) => sentenceOf(text)),
    ...(severity === "refused"
      ? findings.map(({ check, stack, address, wrong }) => `${stack}/${address} breaks ${check}: ${wrong}`)
      : []),
  ]);
  const found = reasons.findIndex((all) => all.length > 0);
  const rank = found < 0 ? SEVERITIES.indexOf("note") : found;
  const worst = SEVERITIES[rank] ?? "note";
  if (worst === "note" && stacks.every(({ state }) => state !== "changes")) {
    return [];
  }
  const opening = `${OPENINGS[worst]}${inEnvironment(environment)}`;
  const [first, ...same] = reasons[rank] ?? [];
  if (first === undefined) {
    return [{ rank, line: `**${opening}.**` }];
  }
  const others = othersBelow(
    reasons.map((all, at) => (at === rank ? same.length : all.length)),
    worst,
  );
  return [{ rank, line: `**${opening}:** ${prose(first)}.${others}` }];
}

const sentenceOf = (text: string) => text.trim().replace(/\.$/, "");

const NOUNS: Readonly<Record<Severity, readonly [one: string, many: string]>> = {
  refused: ["refusal", "refusals"],
  danger: ["danger", "dangers"],
  attention: ["point of attention", "points of attention"],
  note: ["note", "notes"],
};

/** ` And 1 more refusal and 7 dangers below.`; notes are counted beside notes alone. */
function othersBelow(counts: readonly number[], worst: Severity): string {
  const told = SEVERITIES.flatMap((severity, at) => {
    const count = counts[at] ?? 0;
    const [one, many] = NOUNS[severity];
    const more = severity === worst ? "more " : "";
    return count === 0 || (severity === "note" && worst !== "note")
      ? []
      : [counted(count, `${more}${one}`, `${more}${many}`)];
  });
  return told.length === 0 ? "" : ` And ${listed(told)} below.`;
}

function quietLine({ stacks }: Review, environment: string | undefined): string {
  const opening = stacks.some(({ state }) => state === "waits") ? "Nothing to apply yet" : "No changes";
  return `**${opening}${inEnvironment(environment)}.**`;
}

/** Characters of an environment's name in a headline: the file has none that is longer. */
const ENVIRONMENT_LENGTH = 40;

const inEnvironment = (environment: string | undefined) =>
  environment === undefined ? "" : ` (${prose(environment.slice(0, ENVIRONMENT_LENGTH))})`;

const DEEDS: readonly (readonly [keyof Counts, string])[] = [
  ["create", "create"],
  ["update", "update"],
  ["replace", "replace"],
  ["delete", "destroy"],
  ["import", "import"],
  ["move", "move"],
  ["forget", "forget"],
];

/** `2 to update, 1 to destroy. 3 stacks reviewed: 1 with changes, 1 waits for another.` */
function inNumbers({ stacks }: Review): string {
  const changed = stacks.filter(({ state }) => state === "changes");
  const sums = DEEDS.map(
    ([name, deed]) => [changed.reduce((sum, { counts }) => sum + counts[name], 0), deed] as const,
  ).filter(([count]) => count > 0);
  const deeds = sums.map(([count, deed]) => `${count} to ${deed}`).join(", ");
  const waiting = stacks.filter(({ state }) => state === "waits").length;
  const states = [
    ...(changed.length === 0 ? [] : [`${changed.length} with changes`]),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "waits" : "wait"} for another`]),
  ].join(", ");
  const reviewed = `${counted(stacks.length, "stack")} reviewed${states === "" ? "" : `: ${states}`}.`;
  return changed.length === 0 ? reviewed : `${deeds === "" ? withoutDeeds(changed) : deeds}. ${reviewed}`;
}

/** What an apply changes where it does nothing to any resource. */
function withoutDeeds(changed: readonly StackReview[]): string {
  if (!changed.some(({ drift }) => drift.length > 0)) {
    return "Outputs alone change";
  }
  return changed.some(({ outputs }) => outputs.length > 0)
    ? "The state and outputs alone change"
    : "The state alone changes";
}

/** What it means to people and traffic, in the review's order; notes are a block of their own, for they can wait. */
export function meaningBlocks(review: Review): Block[] {
  const { meanings } = review;
  const grave = meanings.filter(({ severity }) => severity !== "note");
  const notes = meanings.filter(({ severity }) => severity === "note");
  return [
    {
      head: grave.length === 0 ? [] : ["### What it means", ""],
      items: grave.map((meaning) => () => `- **${NAMES[meaning.severity]}** ${meaningLine(meaning, review)}`),
      left: leftOut,
      rank: 1,
      most: 1 / 2,
    },
    {
      head: notes.length === 0 ? [] : ["### To know", ""],
      items: notes.map((meaning) => () => `- ${meaningLine(meaning, review)}`),
      left: leftOut,
      rank: 6,
      most: 1 / 4,
    },
  ];
}

const NAMES: Readonly<Record<Severity, string>> = {
  refused: "Refused:",
  danger: "Danger:",
  attention: "Attention:",
  note: "Note:",
};

function meaningLine({ text, stack, address }: Meaning, review: Review): string {
  const place = [...(isAlone(review) ? [] : [stack]), ...(address === null ? [] : [address])];
  return `${prose(text)}${place.length === 0 ? "" : ` (${place.map(code).join(", ")})`}`;
}
