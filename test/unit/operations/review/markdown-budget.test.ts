import fc from "fast-check";
import { fit, type Block } from "../../../../operations/review/markdown/budget";
import { seed } from "../../../support/property";

const left = (count: number) => `${count} left out`;
const block = ({ items = [], ...parts }: Partial<Omit<Block, "items">> & { items?: string[] }): Block => ({
  head: [],
  items: items.map((item) => () => item),
  rank: 1,
  left,
  ...parts,
});
const lines = (count: number, text: string) => Array.from({ length: count }, (_, at) => `- ${text} ${at}`);

test("given room for everything, everything is there, parted by empty lines", () => {
  const text = fit(
    [
      block({ head: ["head"], items: ["one", "two"], tail: ["tail"] }),
      block({}),
      block({ items: ["three"] }),
    ],
    1000,
  );
  expect(text).toBe("head\none\ntwo\ntail\n\nthree\n");
});

test("given too much, the least important gives first, and says how much it gave", () => {
  const blocks = [
    block({ head: ["minor"], items: lines(100, "minor"), rank: 2 }),
    block({ head: ["major"], items: lines(20, "major"), rank: 1 }),
  ];
  const text = fit(blocks, 400);
  expect(text).toContain("- major 19");
  expect(text).not.toMatch(/- major 19\n\n\d+ left out/);
  const [, kept = 0] = [text, text.match(/- minor/g)?.length];
  expect(text).toContain(`\n\n${100 - kept} left out\n`);
  expect(kept).toBeGreaterThan(0);
});

test("given a block that would take all, one with a share leaves the rest to others", () => {
  const greedy = block({ head: ["greedy"], items: lines(1000, "greedy"), rank: 0, most: 1 / 2 });
  const other = block({ head: ["other"], items: lines(10, "other"), rank: 1 });
  const text = fit([greedy, other], 1000);
  expect(text).toContain("- other 9");
  expect(Buffer.byteLength(text.slice(0, text.indexOf("other\n")))).toBeLessThanOrEqual(500);
});

test("given thousands of items, those that are left out are not even written", () => {
  let count = 0;
  const items = Array.from({ length: 5000 }, () => () => `item ${count++}`);
  fit([{ ...block({}), items }], 500);
  expect(count).toBeLessThan(100);
});

test("given no room for what is always there, it throws", () => {
  expect(() => fit([block({ head: ["x".repeat(100)] })], 100)).toThrow(RangeError);
});

test("given any blocks, it keeps below the limit and keeps items whole and in order", () => {
  // Of one, two, three and four bytes.
  const text = (length: number) =>
    fc
      .tuple(fc.constantFrom("x", "é", "字", "\u{1f600}"), fc.nat(length))
      .map(([character, count]) => character.repeat(count));
  const someBlock = fc.record({
    head: fc.array(text(5), { maxLength: 2 }),
    items: fc.array(text(60), { maxLength: 80, size: "max" }),
    tail: fc.array(text(5), { maxLength: 1 }),
    rank: fc.nat(3),
    most: fc.constantFrom(1, 1 / 2, 1 / 10),
  });
  fc.assert(
    fc.property(
      fc.array(someBlock, { maxLength: 5 }),
      fc.integer({ min: 2000, max: 9000 }),
      (parts, limit) => {
        const blocks = parts.map((part, at) =>
          block({ ...part, items: part.items.map((item, index) => `<${at}.${index}>${item}</>`) }),
        );
        const written = fit(blocks, limit);
        expect(Buffer.byteLength(written)).toBeLessThan(limit);
        blocks.forEach((one, at) => {
          const items = one.items.map((write) => write());
          const shown = written.split("\n").filter((line) => line.startsWith(`<${at}.`));
          expect(shown).toEqual(items.slice(0, shown.length));
        });
        const missing = [...written.matchAll(/^(\d+) left out$/gm)].reduce(
          (sum, [, count]) => sum + Number(count),
          0,
        );
        const all = blocks.reduce((sum, { items }) => sum + items.length, 0);
        expect((written.match(/<\/>$/gm)?.length ?? 0) + missing).toBe(all);
      },
    ),
    { seed, numRuns: 300 },
  );
});
