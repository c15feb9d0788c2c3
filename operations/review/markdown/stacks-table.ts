import { counted } from "../../words";
import type { Counts, Review, StackReview } from "../model";
import type { Block } from "./budget";
import { cell, code } from "./escape";
import { leftOut } from "./words";

/** Counts by environment, cluster and stack, of those that change or wait; the others are a line of names. */
export function tableBlocks({ stacks }: Review): Block[] {
  const rows = stacks.filter(({ state }) => state !== "none");
  const others = stacks.filter(({ state }) => state === "none");
  return [
    {
      head:
        rows.length === 0
          ? []
          : [
              "| Environment | Cluster | Stack | Create | Update | Replace | Destroy | Else |",
              "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
            ],
      items: rows.map((stack) => () => row(stack)),
      left: leftOut,
      rank: 3,
      most: 1 / 5,
    },
    {
      head: [],
      items: rows.length === 0 || others.length === 0 ? [] : [() => unchanged(others)],
      left: () => "Some stacks have no changes.",
      rank: 9,
    },
  ];
}

function row({ environment, cluster, stack, state, counts, outputs, waitsFor }: StackReview): string {
  const numbers =
    state === "waits"
      ? ["–", "–", "–", "–", waitsFor === null ? "waits" : `waits for ${cell(waitsFor)}`]
      : [
          ...[counts.create, counts.update, counts.replace, counts.delete].map(String),
          elseOf(counts, outputs.length),
        ];
  return `| ${[cell(environment), cluster === null ? "–" : cell(cluster), cell(stack), ...numbers].join(" | ")} |`;
}

const elseOf = ({ import: imported, move, forget }: Counts, outputs: number) =>
  [
    ...(imported === 0 ? [] : [`${imported} imported`]),
    ...(move === 0 ? [] : [`${move} moved`]),
    ...(forget === 0 ? [] : [`${forget} forgotten`]),
    ...(outputs === 0 ? [] : [counted(outputs, "output")]),
  ].join(", ");

/** Names that are told of stacks without changes. */
const NAMED = 12;

function unchanged(stacks: readonly StackReview[]): string {
  const names = stacks.slice(0, NAMED).map(({ stack }) => code(stack));
  const more = stacks.length - names.length;
  return `No changes in ${names.join(", ")}${more === 0 ? "" : ` and ${more} more`}.`;
}
