const CONTEXT = 3;

type Line = readonly [" " | "-" | "+", string];

/** What a person reads of a change, as `diff -u` shows it; undefined is a file that is not there. */
export function unifiedDiff(path: string, before: Buffer | undefined, after: Buffer | undefined): string {
  const head = [
    before === undefined ? "--- /dev/null" : `--- a/${path}`,
    after === undefined ? "+++ /dev/null" : `+++ b/${path}`,
  ];
  const lines = compare(linesOf(before), linesOf(after));
  return [...head, ...hunks(lines)].join("\n");
}

const linesOf = (file: Buffer | undefined): string[] => {
  const text = file?.toString("utf8") ?? "";
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
};

/** Keys and values may come from anybody who can write to Consul: nothing of them steers a terminal. */
export const printable = (text: string) =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

/** The longest common subsequence, by its table: files here have hundreds of lines. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        before[i] === after[j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) {
      lines.push([" ", old]);
      i++;
      j++;
    } else if (
      old !== undefined &&
      (now === undefined || (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0))
    ) {
      lines.push(["-", old]);
      i++;
    } else {
      lines.push(["+", now ?? ""]);
      j++;
    }
  }
  return lines;
}

/** Changed lines with some around them, each block under the numbers of its lines. */
function hunks(lines: readonly Line[]): string[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([sign]) => sign !== " "),
  );
  const out: string[] = [];
  let [old, now] = [1, 1];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && near[end] === near[at]) {
      end++;
    }
    const block = lines.slice(at, end);
    const olds = block.filter(([sign]) => sign !== "+").length;
    const nows = block.filter(([sign]) => sign !== "-").length;
    if (near[at] === true) {
      const range = (start: number, count: number) => `${count === 0 ? start - 1 : start},${count}`;
      out.push(
        `@@ -${range(old, olds)} +${range(now, nows)} @@`,
        ...block.map(([sign, text]) => sign + text),
      );
    }
    [old, now, at] = [old + olds, now + nows, end];
  }
  return out;
}
