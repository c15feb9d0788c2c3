import type { Counts, Meaning, Review, Severity, StackReview } from "../model";
import type { Block } from "./budget";
import { code, prose } from "./escape";
import { isAlone, leftOut, plural } from "./words";

const OPENINGS: Readonly<Record<Severity, string>> = {
  refused: "Do not apply",
  danger: "Danger",
  attention: "Look closely",
  note: "No danger found",
};

const SEVERITIES: readonly Severity[] = ["refused", "danger", "attention", "note"];

/** The first line, and what is planned in numbers. */
export function verdictBlock(review: Review): Block {
  const changed = review.stacks.filter(({ state }) => state === "changes");
  return {
    head: [firstLine(review, changed), "", inNumbers(review, changed)],
    items: [],
    left: leftOut,
    rank: 0,
  };
}

function firstLine(review: Review, changed: readonly StackReview[]): string {
  if (changed.length === 0 && ["none", "note"].includes(review.verdict)) {
    const waits = review.stacks.some(({ state }) => state === "waits");
    return waits ? "**Nothing to apply yet.**" : "**No changes.**";
  }
  const worst = review.verdict === "none" ? "note" : review.verdict;
  const reasons = reasonsFor(review, worst);
  const [first] = reasons;
  if (first === undefined) {
    return `**${OPENINGS[worst]}.**`;
  }
  const more = reasons.length - 1;
  const others = more === 0 ? "" : ` And ${more} more below.`;
  return `**${OPENINGS[worst]}:** ${prose(first)}.${others}`;
}

/** What a verdict comes of, in words. */
function reasonsFor({ meanings, findings }: Review, worst: Severity): string[] {
  return [
    ...meanings
      .filter(({ severity }) => severity === worst)
      .map(({ text }) => text.trim().replace(/\.$/, "")),
    ...(worst === "refused"
      ? findings.map(({ check, stack, address, wrong }) => `${stack}/${address} breaks ${check}: ${wrong}`)
      : []),
  ];
}

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
function inNumbers({ stacks }: Review, changed: readonly StackReview[]): string {
  const sums = DEEDS.map(
    ([name, deed]) => [changed.reduce((sum, { counts }) => sum + counts[name], 0), deed] as const,
  ).filter(([count]) => count > 0);
  const deeds = sums.map(([count, deed]) => `${count} to ${deed}`).join(", ");
  const waiting = stacks.filter(({ state }) => state === "waits").length;
  const states = [
    ...(changed.length === 0 ? [] : [`${changed.length} with changes`]),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "waits" : "wait"} for another`]),
  ].join(", ");
  const reviewed = `${plural(stacks.length, "stack")} reviewed${states === "" ? "" : `: ${states}`}.`;
  const planned = deeds === "" ? "Outputs alone change" : deeds;
  return changed.length === 0 ? reviewed : `${planned}. ${reviewed}`;
}

/** What it means to people and traffic, the worst first; notes are a block of their own, for they can wait. */
export function meaningBlocks(review: Review): Block[] {
  const { meanings } = review;
  const grave = SEVERITIES.slice(0, 3).flatMap((severity) =>
    meanings.filter((meaning) => meaning.severity === severity),
  );
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
