import fc from "fast-check";
import { parse, parseAllDocuments } from "yaml";
import type { Manifest } from "../../../operations/manifests/manifests";
import { toYaml } from "../../../operations/manifests/yaml";
import { seed } from "../../support/property";

const configMap = (data: Record<string, string>): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "m" },
  data,
});
const read = (text: string, version: "1.1" | "1.2") =>
  (parse(text, { version, uniqueKeys: true }) as { data: unknown }).data;

test("documents are apart, text of several lines is readable, and nothing is folded", () => {
  const long = `${"word ".repeat(60)}end`;
  expect(toYaml([configMap({ "a.conf": "one\n  two\n\n#three\n", long }), configMap({})])).toBe(
    `apiVersion: v1
kind: ConfigMap
metadata:
  name: m
data:
  a.conf: |
    one
      two

    #three
  long: ${long}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: m
data: {}
`,
  );
});

test("the same object twice is written twice", () => {
  const labels = { a: "b" };
  const twice = { ...configMap({}), metadata: { name: "m", labels, annotations: labels } };
  expect(toYaml([twice])).not.toMatch(/[&*]/);
});

test("nothing is nothing", () => {
  expect(toYaml([])).toBe("");
});

// kubectl reads YAML 1.1, everyone else 1.2.
test.each(["1.1", "1.2"] as const)(
  "strings that look like something else are strings in YAML %s",
  (version) => {
    const words = [
      ...[
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "Y",
        "true",
        "True",
        "null",
        "~",
        "",
        " ",
        "0444",
        "0o444",
        "0x1f",
        "1e3",
      ],
      ...[
        "12:30:45",
        "1_000",
        ".5",
        "+1",
        "-0",
        ".inf",
        ".nan",
        "2001-01-01",
        "<<",
        "=",
        "!x",
        "&x",
        "*x",
        "@x",
        "`x",
      ],
      ...[
        "- a",
        "a: b",
        "a #b",
        "#a",
        "%YAML",
        "---",
        "...",
        "[a]",
        "{a}",
        "|",
        ">",
        "'a'",
        '"a"',
        "a\tb",
        "\t",
        "a\r\nb",
      ],
      ...[
        "\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a \nb ",
        "a\n ",
        " \n",
        "a\n \nb",
        "ä€😀",
        "\u0000",
        "\u0085",
        "\u2028",
        "\ufeff",
      ],
    ];
    const data = Object.fromEntries(
      words.flatMap((word, i) => [
        [`v${i}`, word],
        [word, `k${i}`],
      ]),
    );
    expect(read(toYaml([configMap(data)]), version)).toEqual(data);
  },
);

test("any strings come back as they were, in both versions", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[ \t\n#:'"\\|>%@`{}[\],&*!?.=~onyes0-9x_+-]*$/),
  );
  fc.assert(
    fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (data) => {
      const yaml = toYaml([configMap(data)]);
      expect(parseAllDocuments(yaml)).toHaveLength(1);
      for (const version of ["1.1", "1.2"] as const) expect(read(yaml, version)).toEqual(data);
    }),
    { numRuns: 200, seed },
  );
});
