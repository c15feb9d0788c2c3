import { readFileSync } from "node:fs";
import { parseEnvironment } from "../../../environment/load";
import { complete, edit, fixture, positionOf, problems } from "./problems";

describe("text that is no YAML document", () => {
  const refused = (text: string, at: string, words: string) => {
    const lines = problems(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^complete\\.yaml:${at} {2}not readable as YAML: `));
    expect(lines[0]).toContain(words);
  };

  test.each([
    ["a tab", "  nat: per-zone", "\tnat: per-zone", "\tnat", "a tab; indent with spaces alone"],
    [
      "a colon that is missing",
      "region: us-east-1\ndomain",
      "region us-east-1\ndomain",
      "region us",
      "no key: value",
    ],
    [
      "a space that is missing",
      "region: us-east-1\ndomain",
      "region:us-east-1\ndomain",
      "region:us",
      "no key: value",
    ],
    [
      "a line too far to the right",
      "    role: active",
      "      role: active",
      "self-managed\n",
      "indent the next line",
    ],
    [
      "a line too far to the left",
      "    role: active",
      "   role: active",
      "   role: active",
      "the same column",
    ],
    ["a list without its end", "us-east-1c]", "us-east-1c", "nat: per", "end with a ]"],
    ["a list that ends twice", "us-east-1c]", "us-east-1c]]", "]\n  nat", "Unexpected flow-seq-end"],
    ["a template's braces", '"111111111111"\n', "{{ account }}\n", "{ account }}", "quotes"],
    [
      "a tag",
      "region: us-east-1\nd",
      "region: !region us-east-1\nd",
      "!region",
      "a tag that is not known here",
    ],
    [
      "a tag of YAML 1.1",
      "region: us-east-1\nd",
      "region: !!binary dXM=\nd",
      "!!binary",
      "a tag that is not known here",
    ],
    ["a second document", "clusters:", "---\nclusters:", "---", "a second document starts here"],
    [
      "an alias of nothing",
      "[organization, billing]",
      "*services",
      "*services",
      "no &services comes before it",
    ],
    [
      "an alias of what it is in",
      "[organization, billing]",
      "&s [*s]",
      "*s]",
      "*s is inside what it stands for",
    ],
    ["a merge of a list's text", "kind: eks", "<<: [eks]", "eks]", "<< merges mappings alone"],
    ["a NUL byte", "organization", "organi\0zation", "\0", "the character U+0000 is no text; remove it"],
    ["an escape character", "organization", "organi\u001b[2Jzation", "\u001b", "the character U+001B"],
    [
      "lines that end in CR alone",
      "region: us-east-1\nd",
      "region: us-east-1\rd",
      "\rd",
      "the character U+000D",
    ],
  ])("%s", (_, from, to, at, words) => {
    const text = edit(complete, from, to);
    refused(text, positionOf(text, at), words);
  });

  test("a quote without its end is a problem of the whole rest", () => {
    const text = edit(complete, '"111111111111"', '"111111111111');
    refused(text, "\\d+:\\d+", "Missing closing");
  });

  test.each([
    ["flow lists", "[".repeat(30_000)],
    ["block lists", "- ".repeat(30_000)],
    ["mappings", "{a: ".repeat(15_000)],
    ["keys", "? ".repeat(30_000)],
  ])("%s nested so deep that they would end the process", (_, text) => {
    refused(text, "1:\\d+", "more than 64 levels deep");
  });

  test("aliases that would write out to thousands of millions of values", () => {
    const line = (n: number, inner: string) => `a${n}: &a${n} [${Array(9).fill(inner).join(", ")}]`;
    const bomb = Array.from({ length: 10 }, (_, n) => line(n, n === 0 ? "x" : `*a${n - 1}`));
    refused(bomb.join("\n"), "5:9", "more than 10000 values once its aliases are written out");
  });

  test("merges that would write out to millions of keys", () => {
    const line = (n: number) =>
      `a${n}: &a${n} { <<: *a${n - 1}, x: { <<: *a${n - 1} }, y: { <<: *a${n - 1} } }`;
    const bomb = ["a0: &a0 { k: 1 }", ...Array.from({ length: 20 }, (_, n) => line(n + 1))];
    refused(bomb.join("\n"), "\\d+:\\d+", "more than 10000 values");
  });
});

describe("text that is YAML and no environment", () => {
  const EMPTY = "complete.yaml:1:1  has no environment in it; start it like environment: development";
  const KEYS =
    "it wants the keys environment, account, region, domain, state, access, network, mesh, policy, clusters";

  test.each([
    ["nothing", "", EMPTY],
    ["white space", "\n  \n", EMPTY],
    ["comments", "# production\n# to come\n", EMPTY],
    ["null", "~\n", EMPTY],
    ["a list", "- a\n- b\n", `complete.yaml:1:1  ["a","b"] is no mapping; ${KEYS}`],
    ["text", "hello", `complete.yaml:1:1  "hello" is no mapping; ${KEYS}`],
    ["a number after a comment", "# x\n7", `complete.yaml:2:1  7 is no mapping; ${KEYS}`],
  ])("%s", (_, text, line) => {
    expect(problems(text)).toEqual([line]);
  });

  test("a mapping of nothing that is known: all that is missing and all that is unknown", () => {
    const lines = problems("name: x\n");
    expect(lines.filter((line) => line.includes("is missing"))).toHaveLength(8);
    expect(lines.filter((line) => line.includes("unknown key"))).toHaveLength(1);
    lines.forEach((line) => expect(line).toMatch(/^complete\.yaml:1:1 {2}/));
  });
});

describe("keys", () => {
  test.each([
    [
      "at the root",
      "domain:",
      "region: eu-west-1\ndomain:",
      "region: eu-west-1",
      "region: is there twice; line 5",
    ],
    [
      "of a cluster",
      "    etcd:\n",
      "    role: passive\n    etcd:\n",
      "role: passive\n    etcd",
      "clusters.alpha.role: is",
    ],
    ["in braces", "{ fixed: 3 }", "{ fixed: 3, fixed: 4 }", "fixed: 4", "scaling.fixed: is there twice"],
  ])("twice %s", (_, from, to, at, words) => {
    const text = edit(complete, from, to);
    expect(problems(text)).toEqual([expect.stringContaining(words)]);
    expect(problems(text)[0]).toContain(`complete.yaml:${positionOf(text, at)}  `);
  });

  test("that bring control characters are shown escaped, on one line", () => {
    const text = `${complete}"a\\e[31m\\nb\\u202e": 1\n`;
    expect(problems(text)).toEqual([expect.stringContaining('["a\\u001b[31m\\nb\\u{202e}"]: unknown key')]);
  });

  test("__proto__ and the like are keys as any other", () => {
    expect(problems(`${complete}__proto__: { account: x }\nconstructor: 1\n`)).toEqual([
      expect.stringContaining("  __proto__: unknown key; known here: environment"),
      expect.stringContaining("  constructor: unknown key; known here: environment"),
    ]);
  });

  test("of a merge in quotes are no merge", () => {
    expect(problems(edit(complete, "    kind: eks", '    kind: eks\n    "<<": {}'))).toEqual([
      expect.stringContaining('clusters.bravo["<<"]: unknown key'),
    ]);
  });
});

describe("aliases and merges", () => {
  const text = readFileSync(fixture("anchors"), "utf8");

  test("stand for what they name; own keys win over merged ones, and earlier sources over later ones", () => {
    const { mesh, clusters } = parseEnvironment(text, "anchors.yaml");
    expect(mesh.gateways).toMatchObject({
      instanceType: "m7i.large",
      image: { ssm: "/skyline/images/gateway/latest" },
    });
    expect(clusters.bravo).toMatchObject({ kind: "eks", role: "passive", kubernetes: "1.35" });
    expect(clusters.bravo?.workers.general).toEqual(clusters.alpha?.workers.general);
    expect(clusters.bravo?.workers.large).toMatchObject({
      scaling: { fixed: 3 },
      instanceTypes: ["m7i.4xlarge"],
      labels: { size: "large" },
    });
  });

  test("a mistake behind an alias is where its text is, once for each place that has it", () => {
    const wrong = edit(text, "{ ssm: /skyline/images/gateway/latest }", "{ ssm: skyline }");
    const at = `anchors.yaml:${positionOf(wrong, "skyline }")}  `;
    expect(problems(wrong, "anchors.yaml")).toEqual([
      expect.stringContaining(`${at}mesh.consul.image.ssm: "skyline" is no name of an SSM parameter`),
      expect.stringContaining(`${at}mesh.gateways.image.ssm: "skyline" is no name of an SSM parameter`),
    ]);
  });

  test("a mistake behind a merge is where its text is", () => {
    const wrong = edit(text, "[m7i.4xlarge]", "[4xlarge]");
    expect(problems(wrong, "anchors.yaml")).toEqual([
      expect.stringContaining(
        `anchors.yaml:${positionOf(wrong, "4xlarge]")}  clusters.bravo.workers.large.instanceTypes[0]`,
      ),
    ]);
  });
});
