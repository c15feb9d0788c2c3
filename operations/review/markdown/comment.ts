import type { CostItem, Picture, Review } from "../model";
import { fit, type Block } from "./budget";
import { createBlock, driftBlock, lossBlocks, outputBlock, stateOnlyBlock, updateBlock } from "./changes";
import { code, prose, wording } from "./escape";
import { pictureOf, samePicture } from "./mermaid";
import { tableBlocks } from "./stacks-table";
import { meaningBlocks, verdictBlock } from "./verdict";
import { inStack, isAlone, leftOut } from "./words";

/** GitHub takes comments of 65,536 characters, and Atlantis adds its own words. */
export const COMMENT_BYTES = 60_000;
/** The smallest limit: what is always said finds room in it. */
export const LEAST_COMMENT_BYTES = 8_000;

/**
 * A review as one comment for people: the verdict first, then what it means, what is lost, and the rest folded. The same
 * review gives the same bytes. Nothing that a plan says is anything but text in it.
 *
 * @param limit in bytes of UTF-8, at least {@link LEAST_COMMENT_BYTES}; the comment has fewer
 */
export function commentOf(review: Review, limit = COMMENT_BYTES): string {
  return fit(
    [
      verdictBlock(review),
      ...meaningBlocks(review),
      ...tableBlocks(review),
      ...lossBlocks(review),
      findingBlock(review),
      exemptionBlock(review),
      pictureBlock(review),
      costBlock(review),
      driftBlock(review),
      updateBlock(review),
      stateOnlyBlock(review),
      createBlock(review),
      outputBlock(review),
      digestBlock(review),
    ],
    limit,
  );
}

function findingBlock(review: Review): Block {
  const { findings } = review;
  return {
    head: findings.length === 0 ? [] : ["### Refused by policy", ""],
    items: findings.map(
      ({ check, stack, address, wrong, right }) =>
        () =>
          `- ${code(check)} ${code(address)}${inStack(stack, review)}: ${prose(wrong)}; ${prose(right)}`,
    ),
    left: leftOut,
    rank: 1,
    most: 1 / 4,
  };
}

/** Exemptions are shown to each reviewer: who answers for them, and why they are there. */
function exemptionBlock(review: Review): Block {
  const { exempted } = review;
  return {
    head: exempted.length === 0 ? [] : ["### Exempted from policy", ""],
    items: exempted.map(
      ({ check, stack, address, reason, owner }) =>
        () =>
          `- ${code(check)} ${code(address)}${inStack(stack, review)}: ${wording(reason)} (${owner === null ? "no owner is named" : `owner ${code(owner)}`})`,
    ),
    left: leftOut,
    rank: 7,
    most: 1 / 5,
  };
}

/** Before and after, or one picture where both are the same; none when nothing changes at all, or nothing stands. */
function pictureBlock({ pictures, stacks }: Review): Block {
  const hasAny = ({ gateways, clusters }: Picture) => gateways || clusters.length > 0;
  const shown = stacks.some(({ state }) => state === "changes")
    ? pictures.filter(({ before, after }) => hasAny(before) || hasAny(after))
    : [];
  return {
    head: [],
    items: shown.map(({ before, after }, at) => () => {
      const same = samePicture(before, after);
      return [
        ...(at === 0 ? [] : [""]),
        `### ${code(after.environment)} ${same ? "as it stays" : "before and after"}`,
        ...(same ? [] : ["", pictureOf(before, after, "before")]),
        "",
        pictureOf(after, before, "after"),
      ].join("\n");
    }),
    left: leftOut,
    rank: 5,
    most: 1 / 3,
  };
}

const DIRECTIONS: Readonly<Record<Review["cost"]["direction"], string>> = {
  more: "more",
  less: "less",
  same: "the same, as far as it is plain",
  both: "some more and some less",
  unknown: "not plain from this plan",
};

function costBlock(review: Review): Block {
  const { cost, stacks } = review;
  const items = stacks.some(({ state }) => state === "changes") ? cost.items : undefined;
  const line = `**Monthly cost:** ${DIRECTIONS[cost.direction]}.`;
  return {
    head: items === undefined ? [] : items.length === 0 ? [line] : [line, ""],
    items: items?.map((item) => () => costItem(item, review)) ?? [],
    left: leftOut,
    rank: 8,
    most: 1 / 10,
  };
}

const costItem = ({ direction, count, what, stack }: CostItem, review: Review) =>
  `- ${direction}: ${amountOf(count, what)}${inStack(stack, review)}`;

/** `3 × NAT gateway`, and `60 GiB of gp3`, whose types are words to whoever pays for them. */
function amountOf(count: number, what: string): string {
  const [, type] = /^GiB of (.+)$/s.exec(what) ?? [];
  return type === undefined
    ? `${count} × ${prose(what)}`
    : `${count} GiB of ${/^[a-z]+\d?$/.test(type) ? type : prose(type)}`;
}

/** What an apply is bound to. */
function digestBlock(review: Review): Block {
  const { stacks } = review;
  const digests = stacks.flatMap(({ stack, digest }) => (digest === null ? [] : [{ stack, digest }]));
  return {
    head: [],
    items: digests.map(
      ({ stack, digest }) =>
        () =>
          isAlone(review)
            ? `Digest of the reviewed plan: ${code(digest)}`
            : `- digest of ${code(stack)}: ${code(digest)}`,
    ),
    left: leftOut,
    rank: 4,
    most: 1 / 5,
  };
}
