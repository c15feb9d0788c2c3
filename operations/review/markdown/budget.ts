/** A part of a document that can do with less: its items are left out from the end, each as a whole. */
export interface Block {
  /** Lines before the items; they are always there. */
  readonly head: readonly string[];
  /** Lines of Markdown each, the most important first. What is left out is never written. */
  readonly items: readonly (() => string)[];
  /** Lines after the items, such as what closes the head's HTML. */
  readonly tail?: readonly string[];
  /** What is said when that many items were left out. */
  readonly left: (count: number) => string;
  /** Who gets room first: the smallest number. */
  readonly rank: number;
  /** The part of the whole document that it may take, so that nothing else is starved. Default: all. */
  readonly most?: number;
}

/**
 * Puts blocks into a document of fewer bytes than a limit, which has fewer UTF-16 units then, too. When there is too much,
 * blocks of a high rank give first. Nothing is cut through.
 *
 * @param blocks in the order in which they appear; one without head and items is left out
 * @param limit in bytes of UTF-8
 * @throws RangeError when not even the heads fit
 */
export function fit(blocks: readonly Block[], limit: number): string {
  const shown = blocks.filter(({ head, items }) => head.length > 0 || items.length > 0);
  const kept = new Map<Block, readonly string[]>();
  let total = shown.reduce((sum, block) => sum + sizeOf(block, 0, 0), 0);
  if (total >= limit) {
    throw new RangeError(
      `a document of fewer than ${limit} bytes has no room for its ${total} bytes of heads`,
    );
  }
  for (const block of [...shown].sort((one, other) => one.rank - other.rank)) {
    const least = sizeOf(block, 0, 0);
    const most = Math.min(least + limit - total - 1, Math.floor((block.most ?? 1) * limit));
    const { items, size } = itemsWithin(block, most);
    kept.set(block, items);
    total += size - least;
  }
  return `${shown.map((block) => written(block, kept.get(block) ?? [])).join("\n\n")}\n`;
}

/** As many items as a block can have in so many bytes; none when there is no room for one. */
function itemsWithin(block: Block, most: number): { items: string[]; size: number } {
  const items: string[] = [];
  let best = { count: 0, size: sizeOf(block, 0, 0) };
  let itemsSize = 0;
  for (const write of block.items) {
    const item = write();
    itemsSize += lineSize(item);
    if (itemsSize > most) {
      break;
    }
    const size = sizeOf(block, items.push(item), itemsSize);
    if (size <= most) best = { count: items.length, size };
  }
  return { items: items.slice(0, best.count), size: best.size };
}

/** Bytes of a block with that many items, which have that size, and with the empty line that parts it from the next. */
function sizeOf(block: Block, count: number, itemsSize: number): number {
  const lines = [...block.head, ...(block.tail ?? []), ...leftLines(block, count)];
  return lines.reduce((sum, line) => sum + lineSize(line), itemsSize) + 1;
}

const written = (block: Block, items: readonly string[]) =>
  [...block.head, ...items, ...leftLines(block, items.length), ...(block.tail ?? [])].join("\n");

/** A paragraph of its own, also after a list or a table. */
function leftLines({ head, items, left }: Block, count: number): string[] {
  const missing = items.length - count;
  if (missing === 0) {
    return [];
  }
  return head.length + count === 0 ? [left(missing)] : ["", left(missing)];
}

const lineSize = (line: string) => Buffer.byteLength(line) + 1;
