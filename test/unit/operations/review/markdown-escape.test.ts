import fc from "fast-check";
import {
  cell,
  code,
  htmlCode,
  prose,
  valueCode,
  visible,
  visibleName,
  wording,
} from "../../../../operations/review/markdown/escape";
import { readMarkdown } from "../../../support/markdown";
import { seed } from "../../../support/property";
import { hostile } from "../../../support/reviews";

const runs = { seed, numRuns: 1000 };
/** What nobody sees, as a list of its own: not the expression of the product. */
const HIDDEN =
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;

describe("text in sight", () => {
  test.each([
    ["a line that turns around", "name\u202edrowssap", "name\\u{202e}drowssap"],
    ["a space that is none", "al\u200bpha", "al\\u{200b}pha"],
    ["the end of a line", "a\nb", "a\\u{a}b"],
    ["a terminal's colour", "\u001b[31m", "\\u{1b}[31m"],
    ["half of a pair", "\ud83d", "\\u{d83d}"],
    ["a tag that is invisible", "\u{e0041}", "\\u{e0041}"],
    ["an annotation's anchor", "a\ufff9b", "a\\u{fff9}b"],
    ["a filler that is a letter", "a\u3164b", "a\\u{3164}b"],
    ["a letter from the right", "\u05d0", "\\u{5d0}"],
    ["a heap of marks", "e\u0301\u0301\u0301\u0301", "e\u0301\u0301\\u{301}\\u{301}"],
    ["a space that is wide", "a\u3000b", "a\\u{3000}b"],
    ["what was written like that", "\\u{202e}", "\\\\u{202e}"],
    ["letters of the world", "Zürich 東京 ✓", "Zürich 東京 ✓"],
  ])("given %s", (_what, text, expected) => expect(visible(text)).toBe(expected));

  test("given a letter that looks like another one, a name shows its number", () => {
    expect(visibleName("\u0430lpha")).toBe("\\u{430}lpha");
  });

  test("given anything, nothing hidden is left, and different texts stay different", () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        expect(visible(one)).not.toMatch(HIDDEN);
        expect(visibleName(one)).toMatch(/^[\x20-\x7e]*$/);
        expect(visible(one) === visible(other)).toBe(one === other);
        expect(visibleName(one) === visibleName(other)).toBe(one === other);
      }),
      runs,
    );
  });
});

describe("code", () => {
  const whole = (text: string) =>
    visibleName(text)
      .replaceAll("<", "\\u{3c}")
      .replace(/`{9,}/g, (run) => "\\u{60}".repeat(run.length));

  test("given anything, it is one code span that says all of it", () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => text !== "" && text.length <= 200),
        (text) => {
          const { problems, codes } = readMarkdown(`- a ${code(text)} z`);
          expect(problems).toEqual([]);
          expect(codes).toEqual([whole(text)]);
        },
      ),
      runs,
    );
  });

  test("given anything in a table, the row has its cells, and they say all of it", () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => text !== "" && text.length <= 200),
        (text) => {
          const { problems, rows } = readMarkdown(`| A | B |\n| --- | --- |\n| ${cell(text)} | b |`);
          expect(problems).toEqual([]);
          expect(rows).toEqual([
            ["A", "B"],
            [whole(text).replaceAll("|", "\\u{7c}"), "b"],
          ]);
        },
      ),
      runs,
    );
  });

  test("given a text that is too long, it is cut, says so, and cuts no character through", () => {
    expect(valueCode("x".repeat(130))).toBe(`\`${"x".repeat(120)}\` … (10 more characters)`);
    expect(valueCode(`${"x".repeat(119)}\u{1f600}y`)).toBe(`\`${"x".repeat(119)}\` … (3 more characters)`);
  });

  test("given nothing, it says so", () => expect(code("")).toBe("(empty)"));

  test("given backticks, the fence is longer than they are, and cmark would still find it", () => {
    expect(code("a``b")).toBe("```a``b```");
    expect(code("`")).toBe("`` ` ``");
    expect(code("`".repeat(90))).toBe(`\`${"\\u{60}".repeat(90)}\``);
  });
});

describe("sentences", () => {
  test.each([
    ["Removes cluster alpha, which is active", "Removes cluster alpha, which is active"],
    ["Replaces aws_instance.web[0] (its AMI)", "Replaces `aws_instance.web[0]` (its AMI)"],
    ["It goes from 1.34 → 1.35, for 100% of it", "It goes from 1.34 → 1.35, for 100% of it"],
    [
      "Ask @admin, or see #12 and https://evil.example.",
      "Ask `@admin`, or see `#12` and `https://evil.example`.",
    ],
    ["a commit deadbeef is none", "a commit `deadbeef` is none"],
    ["GH-12 and us-east-1", "`GH-12` and `us-east-1`"],
    ["1. is no list", "`1`. is no list"],
    ["**bold** _it_ <b>", "`**bold**` `_it_` `\\u{3c}b>`"],
    ["two\nlines", "two lines"],
  ])("%s", (text, expected) => expect(prose(text)).toBe(expected));

  test("given people's own language, its letters stay", () => {
    expect(wording("Ausnahme für Zürich")).toBe("Ausnahme `für` `Zürich`");
    expect(prose("für")).toBe("`f\\u{fc}r`");
  });

  test("given anything, nothing of it is live", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(prose, wording), (text, write) => {
        expect(readMarkdown(`- **a** ${write(text)} z`).problems).toEqual([]);
        expect(readMarkdown(write(text)).problems).toEqual([]);
      }),
      runs,
    );
  });
});

test("given anything in a summary, it is text of one element", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(htmlCode(text)).toMatch(/^(\(empty\)|<code>[^<>\n"']+<\/code>)$/);
      expect(
        readMarkdown(`<details><summary>1 create in ${htmlCode(`x${text}`)}</summary>\n\n- a\n\n</details>`)
          .problems,
      ).toEqual([]);
    }),
    runs,
  );
});
