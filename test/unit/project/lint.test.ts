import { lint, type Snippet } from "../../support/lint";

jest.setTimeout(60_000);

interface Case extends Snippet {
  /** What the one complaint says; without it there is none. */
  readonly refused?: RegExp;
}

const using = (file: string, module: string, refused?: RegExp): Case => ({
  file,
  code: `import { thing } from "${module}";\nexport const used = thing;\n`,
  refused,
});
const oneWay = /no-restricted-imports: .*one way/;
const partAlone = /no-restricted-imports: .*part alone/;
const unknown = /no-restricted-imports: .*knows nothing of cdktf/;

const cases: readonly Case[] = [
  // Imports flow one way.
  using("environment/x.ts", "../constructs/network/vpc", oneWay),
  using("environment/x.ts", "../operations/failure", oneWay),
  using("constructs/network/x.ts", "../../stacks/base-stack", oneWay),
  using("constructs/network/x.ts", "../../operations/failure", oneWay),
  using("constructs/cluster/eks/bootstrap/x.ts", "../../../../cli/program", oneWay),
  using("stacks/x.ts", "../cli/program", oneWay),
  using("stacks/x.ts", "../operations/failure", oneWay),
  using("operations/local/x.ts", "../../constructs/network/vpc", oneWay),
  using("operations/local/x.ts", "../../stacks/base-stack", oneWay),
  using("operations/local/x.ts", "../../cli/program", oneWay),
  using("cli/commands/x.ts", "../../stacks/base-stack", oneWay),
  using("cli/commands/x.ts", "../../constructs/network/vpc", oneWay),
  using("testing/x.ts", "../cli/program", oneWay),
  using("constructs/network/x.ts", "../../environment/cidr"),
  using("constructs/network/x.ts", "../iam"),
  using("stacks/x.ts", "../constructs/network/vpc"),
  using("operations/local/x.ts", "../../environment/load"),
  using("cli/commands/x.ts", "../../operations/failure"),
  using("main.ts", "./stacks/environment-stacks"),
  // A provider's root costs seconds and 500 MB.
  using("constructs/network/x.ts", "@cdktf/provider-aws", partAlone),
  using("constructs/network/x.ts", "@cdktf/provider-aws/lib", partAlone),
  using("constructs/network/x.ts", "@cdktf/provider-aws/lib/index", partAlone),
  using("constructs/network/x.ts", "@cdktf/provider-aws/lib/index.js", partAlone),
  using("constructs/network/x.ts", "@cdktf/provider-aws/lib/lazy-index", partAlone),
  using("stacks/x.ts", "@cdktf/provider-kubernetes", partAlone),
  using("test/unit/x.test.ts", "@cdktn/provider-aws", partAlone),
  using("constructs/network/x.ts", "@cdktf/provider-aws/lib/vpc"),
  // The framework.
  using("environment/x.ts", "cdktf", unknown),
  using("operations/x.ts", "cdktf", unknown),
  using("cli/x.ts", "constructs", unknown),
  using("constructs/cluster/eks/bootstrap/x.ts", "cdktf", unknown),
  using("stacks/x.ts", "cdktn", /Import cdktf/),
  using("stacks/x.ts", "cdktf"),
  // A promise that nobody waits for.
  {
    file: "operations/x.ts",
    code: "export function start(): void {\n  Promise.resolve();\n}\n",
    refused: /no-floating-promises/,
  },
  // Names are the same everywhere.
  { file: "stacks/x.ts", code: "export default 1;\n", refused: /no-restricted-syntax: Use named exports/ },
];

let told: string[][];
beforeAll(() => {
  told = lint(cases);
});

test.each(cases.map((one, index) => ({ ...one, index, line: one.code.split("\n")[0] })))(
  "$file: $line",
  ({ index, refused }) => {
    expect(told[index]).toEqual(refused === undefined ? [] : [expect.stringMatching(refused)]);
  },
);
