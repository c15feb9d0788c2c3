import fc from "fast-check";
import { ExactNumber, parseExactly } from "../../../../operations/terraform/exact-json";
import { seed } from "../../../support/property";

const check = (property: fc.IRawProperty<unknown>) => fc.assert(property, { seed, numRuns: 300 });

test("what JavaScript holds is read as JSON.parse reads it", () => {
  check(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(parseExactly(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("a number that JavaScript would round keeps its digits, wherever it stands", () => {
  const long = fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 512n }).map((number) => number | 1n);
  const text = fc.oneof(fc.string(), fc.constantFrom('\\"9007199254740993', '"', "\\", '\\\\"', ": 1.0,"));
  check(
    fc.property(long, text, text, (number, key, other) => {
      const json = `{${JSON.stringify(`${key}.`)}:[ -${number},${JSON.stringify(other)}],"n":${number}}`;
      expect(parseExactly(json)).toEqual({
        [`${key}.`]: [new ExactNumber(`-${number}`), other],
        n: new ExactNumber(`${number}`),
      });
    }),
  );
  expect(parseExactly("[0.10000000000000000001, -0, 0.1, 1e400]")).toEqual([
    ...[new ExactNumber("0.10000000000000000001"), new ExactNumber("-0"), 0.1, new ExactNumber("1e400")],
  ]);
});

test.each([
  ...[
    "",
    "{",
    "[1",
    '"a',
    '"a\\"',
    "01",
    "-",
    "1.",
    "1e",
    "00000000000000000001",
    "12345678901234567890.5.5",
  ],
  ...["--12345678901234567890", "1.0 1.0", "{12345678901234567890: 1}", "{1.0 : 1}", "[1.0a]", '"a"1.0'],
])("%j is no JSON here either", (text) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(() => parseExactly(text)).toThrow();
});

test("a text of megabytes is read", () => {
  const text = '"\\\n'.repeat(3_000_000);
  expect(parseExactly(JSON.stringify([text, 1]).replace("1]", "1.0]"))).toEqual([
    text,
    new ExactNumber("1.0"),
  ]);
});
