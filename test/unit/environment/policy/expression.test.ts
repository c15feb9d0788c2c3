import fc from "fast-check";
import { readExpression, Unread } from "../../../../environment/policy/expression";
import { seed } from "../../../support/property";

test.each<[string, unknown]>([
  ['{"a" = "b", "c" = [1, -2.5, true, null]}', { a: "b", c: [1, -2.5, true, null] }],
  ['{ a: "b",\n  c = "d" }', { a: "b", c: "d" }],
  ['{"a": ["b",],}', { a: ["b"] }],
  ['"a \\"quoted\\" word"', 'a "quoted" word'],
  ['"$${not} an expression"', "${not} an expression"],
  ['"${aws_s3_bucket.a["b"].arn}/*"', '${aws_s3_bucket.a["b"].arn}/*'],
  ['"${join(",", ["}"])}"', '${join(",", ["}"])}'],
  ["[]", []],
])("%s", (text, value) => {
  expect(readExpression(text)).toEqual(value);
});

test.each([
  ["aws_vpc.a.id"],
  ['join("", [aws_vpc.a.arn, ":*"])'],
  ['var.a ? "b" : "c"'],
  ['"a" == var.b'],
  ["true && var.a"],
  ["[for name in var.names : name]".slice(1, -1)],
  ["{ for name in var.names : name => 1 }"],
  ['{ "not" "one" }'],
])("%s is left to Terraform", (text) => {
  expect(readExpression(`{"a" = ${text}, "b" = "c"}`)).toEqual({ a: new Unread(text), b: "c" });
});

test.each(["", "{", '"a', "[1, 2", '{"a" = "${b"}', "(", "]", "{}}"])("%j is no expression", (text) => {
  expect(readExpression(text)).toBeUndefined();
});

test("JSON is read as it is, and no text at all makes another error", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value);
      // What Terraform would put into text, and escapes that JSON alone has, are written otherwise.
      fc.pre(!/[$%]\{|\\[^"\\nrt]|e[+-]?\d|__proto__/.test(text));
      expect(readExpression(text)).toEqual(JSON.parse(text));
    }),
    { seed },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      readExpression(text);
    }),
    { seed, numRuns: 500 },
  );
});
