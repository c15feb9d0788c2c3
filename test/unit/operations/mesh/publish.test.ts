import fc from "fast-check";
import { printable, unifiedDiff } from "../../../../operations/mesh/publish/diff";
import { portions } from "../../../../operations/mesh/publish/transactions";
import { changesOf, MANIFEST, manifestOf, type Change } from "../../../../operations/mesh/publish/tree";

const text = (value: string) => Buffer.from(value);

test("changes are what is new, other or gone, in the order of paths; the manifest is none", () => {
  const tree = new Map([
    ["same", { value: text("1"), index: 5 }],
    ["other", { value: text("1"), index: 6 }],
    ["gone", { value: text("1"), index: 7 }],
    [MANIFEST, { value: text("{}"), index: 8 }],
  ]);
  const files = new Map(["same", "other", "new"].map((path) => [path, text(path === "same" ? "1" : "2")]));
  expect(changesOf(tree, files)).toEqual([
    { path: "gone", action: "remove", before: text("1"), index: 7 },
    { path: "new", action: "add", after: text("2"), index: 0 },
    { path: "other", action: "change", before: text("1"), after: text("2"), index: 6 },
  ]);
});

test("the manifest tells trees apart that differ in a byte, a name, or where one file ends", () => {
  const manifests = [
    { a: "b" },
    { a: "c" },
    { b: "b" },
    { a: "b", b: "" },
    { a: "", b: "b" },
    { ab: "" },
  ].map((files) =>
    manifestOf(new Map(Object.entries(files).map(([path, value]) => [path, text(value)]))).toString(),
  );
  expect(new Set(manifests).size).toBe(manifests.length);
  expect(
    manifestOf(
      new Map([
        ["x", text("")],
        ["a", text("1")],
      ]),
    ),
  ).toEqual(
    manifestOf(
      new Map([
        ["a", text("1")],
        ["x", text("")],
      ]),
    ),
  );
});

test("each portion leaves room for the manifest's operation, and all changes are in one", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 64 * 1024 }), { maxLength: 300 });
  fc.assert(
    fc.property(sizes, (all) => {
      const changes = all.map((size, at): Change => ({
        path: `${at}`,
        action: "add",
        after: Buffer.alloc(size),
        index: 0,
      }));
      const parts = portions(changes);
      expect(parts.flat()).toEqual(changes);
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(63);
        expect(part.reduce((sum, { after }) => sum + (after?.length ?? 0), 0)).toBeLessThanOrEqual(
          256 * 1024,
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("no change at all is a portion of its own: the manifest may be what is wrong", () => {
  expect(portions([])).toEqual([[]]);
});

describe("a difference", () => {
  test("is shown as diff -u does, with three lines around", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}`);
    const changed = lines.flatMap((line, at) => (at === 9 ? ["line ten"] : at === 18 ? [] : [line]));
    expect(unifiedDiff("a.conf", text(`${lines.join("\n")}\n`), text(`${changed.join("\n")}\n`))).toBe(
      [
        ...["--- a/a.conf", "+++ b/a.conf", "@@ -7,7 +7,7 @@"],
        ...[" line 7", " line 8", " line 9", "-line 10", "+line ten", " line 11", " line 12", " line 13"],
        ...["@@ -16,5 +16,4 @@", " line 16", " line 17", " line 18", "-line 19", " line 20"],
      ].join("\n"),
    );
  });

  test.each([
    [undefined, text("a\n"), ["--- /dev/null", "+++ b/x", "@@ -0,0 +1,1 @@", "+a"]],
    [text("a\n"), undefined, ["--- a/x", "+++ /dev/null", "@@ -1,1 +0,0 @@", "-a"]],
  ])("of a file that is new or gone", (before, after, lines) => {
    expect(unifiedDiff("x", before, after)).toBe(lines.join("\n"));
  });

  test("steers no terminal", () => {
    expect(printable("a\u001b[2Jb\rc\u009bd\te\n")).toBe("a\ufffd[2Jb\ufffdc\ufffdd\te\n");
  });

  test("of any two files has exactly their lines", () => {
    const file = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 });
    fc.assert(
      fc.property(file, file, (before, after) => {
        const shown = unifiedDiff("x", text(before.join("\n")), text(after.join("\n")))
          .split("\n")
          .slice(2);
        const of = (sign: string) => shown.filter((line) => line.startsWith(sign)).length;
        const unchanged = before.length - of("-");
        expect(unchanged).toBe(after.length - of("+"));
        expect(of("-") + of("+") === 0).toBe(before.join() === after.join());
      }),
    );
  });
});
