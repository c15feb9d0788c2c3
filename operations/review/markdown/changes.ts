import { counted } from "../../words";
import type { AttributeChange, ChangeAction, ResourceReview, Review, Shown } from "../model";
import type { Block } from "./budget";
import { code, prose, valueCode } from "./escape";
import { folded, grouped } from "./lists";
import { inStack, isAlone, leftOut } from "./words";

/** Attributes that are shown of a resource. */
const ATTRIBUTES = 10;

/** Losses that are shown; what is beyond is folded. */
const LOSSES_SHOWN = 30;

interface Change {
  readonly stack: string;
  readonly resource: ResourceReview;
}

const changesOf = ({ stacks }: Review, ...actions: ChangeAction[]): Change[] =>
  actions.flatMap((action) =>
    stacks.flatMap(({ stack, resources }) =>
      resources.filter((resource) => resource.action === action).map((resource) => ({ stack, resource })),
    ),
  );

/** What is lost: destroys, then replacements, each with what forces it. */
export function lossBlocks(review: Review): Block[] {
  const lost = changesOf(review, "delete", "replace", "replace-first");
  const listed = (losses: readonly Change[]) =>
    grouped(
      losses,
      ({ stack, resource: { action, reason } }) => JSON.stringify([stack, action, reason]),
      (change, count) => lossTitle(change, count, review),
      ({ resource }) => lossLines(resource),
    );
  const more = lost.slice(LOSSES_SHOWN);
  return [
    {
      head: lost.length === 0 ? [] : ["### Destroyed and replaced", ""],
      items: listed(lost.slice(0, LOSSES_SHOWN)),
      left: leftOut,
      rank: 2,
    },
    folded(`${more.length} more destroyed or replaced`, listed(more), review, 2),
  ];
}

function lossTitle({ stack, resource: { action, reason } }: Change, count: number, review: Review): string {
  const deed = `**${action === "delete" ? "destroy" : "replace"}** ${count}`;
  const order = action === "replace-first" ? ", the new one first" : "";
  return `${deed}${order}${inStack(stack, review)}${reason === null ? "" : `: ${prose(reason)}`}`;
}

function lossLines({ address, action, forcedBy, attributes }: ResourceReview): string[] {
  const forced = forcedBy.slice(0, ATTRIBUTES);
  const beyond = forcedBy.length - forced.length;
  const by = `${forced.map(code).join(", ")}${beyond > 0 ? ` and ${beyond} more` : ""}`;
  const shown = attributes.filter(({ path }) => forcedBy.includes(path)).slice(0, ATTRIBUTES);
  const others = action === "delete" ? 0 : attributes.length - shown.length;
  return [
    `${code(address)}${by === "" ? "" : `, forced by ${by}`}`,
    ...shown.map(attributeLine),
    ...(others === 0 ? [] : [counted(others, "more attribute")]),
  ];
}

/** What stays and changes, folded. */
export function updateBlock(review: Review): Block {
  const updates = changesOf(review, "update");
  const lines = ({ address, attributes }: ResourceReview) => [
    code(address),
    ...attributes.slice(0, ATTRIBUTES).map(attributeLine),
    ...(attributes.length > ATTRIBUTES ? [counted(attributes.length - ATTRIBUTES, "more attribute")] : []),
  ];
  const items = grouped(
    updates,
    ({ stack }) => (isAlone(review) ? "" : stack),
    ({ stack }) => code(stack),
    ({ resource }) => lines(resource),
  );
  return folded(counted(updates.length, "update"), items, review, 10);
}

const attributeLine = ({ path, before, after }: AttributeChange) =>
  `${code(path)}: ${valueOf(before)} → ${valueOf(after)}`;

function valueOf(shown: Shown): string {
  switch (shown.kind) {
    case "value":
      return valueCode(shown.json);
    case "sensitive":
      return "(sensitive)";
    case "unknown":
      return "(known after apply)";
    case "absent":
      return "(none)";
  }
}

/** What comes, folded. */
export function createBlock(review: Review): Block {
  const creates = changesOf(review, "create");
  const items = grouped(
    creates,
    ({ stack }) => (isAlone(review) ? "" : stack),
    ({ stack }) => code(stack),
    ({ resource }) => [code(resource.address)],
  );
  return folded(counted(creates.length, "create"), items, review, 12);
}

/** What only comes into the state, leaves it, or changes its address there, folded. */
export function stateOnlyBlock(review: Review): Block {
  const changes = changesOf(review, "import", "move", "forget");
  const items = grouped(
    changes,
    ({ stack }) => (isAlone(review) ? "" : stack),
    ({ stack }) => code(stack),
    ({ resource: { action, address, reason } }) => [
      `**${action}** ${code(address)}${reason === null ? "" : `: ${prose(reason)}`}`,
    ],
  );
  return folded(`${counted(changes.length, "change")} of the state alone`, items, review, 11);
}

/** What other stacks read of this one, folded. */
export function outputBlock(review: Review): Block {
  const outputs = review.stacks.flatMap(({ stack, outputs: changed }) =>
    changed.map((output) => ({ stack, output })),
  );
  const items = grouped(
    outputs,
    ({ stack }) => (isAlone(review) ? "" : stack),
    ({ stack }) => code(stack),
    ({ output }) => [attributeLine(output)],
  );
  return folded(counted(outputs.length, "output"), items, review, 13);
}

/** What somebody changed past Terraform since the last apply. */
export function driftBlock(review: Review): Block {
  const drift = review.stacks.flatMap(({ stack, drift: addresses }) =>
    addresses.map((address) => ({ stack, address })),
  );
  const items = grouped(
    drift,
    ({ stack }) => (isAlone(review) ? "" : stack),
    ({ stack }) => code(stack),
    ({ address }) => [code(address)],
  );
  return folded(
    `${counted(drift.length, "resource")} changed outside of Terraform since the last apply`,
    items,
    review,
    8,
  );
}
