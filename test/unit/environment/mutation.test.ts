import fc from "fast-check";
import { readFileSync } from "node:fs";
import { isCollection, isMap, isScalar, parse, parseDocument, Scalar, stringify, type Document } from "yaml";
import { checkEnvironment } from "../../../environment/define";
import { developmentFile, problems } from "./problems";
import { seed } from "../../support/property";

// Whatever a file says, the loader answers with an environment or with problems that have their places.

const development = readFileSync(developmentFile, "utf8");

/** CPU seconds far above what a file takes, and far below what a loop without end does; the clock would time the neighbours. */
const PATIENCE_SECONDS = 5;

function answers(text: string): readonly string[] {
  const before = process.cpuUsage();
  const lines = problems(text, "development.yaml");
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(PATIENCE_SECONDS);
  const widths = text.split("\n").map((line) => line.length);
  const places = lines.map((line) => {
    const [, row, column] = /^development\.yaml:(\d+):(\d+) {2}\S.*$/u.exec(line) ?? [];
    return { row: Number(row), column: Number(column) };
  });
  const isInside = ({ row, column }: Place) =>
    row >= 1 && column >= 1 && column <= (widths[row - 1] ?? -1) + 1;
  expect(lines.filter((_, i) => !isInside(places[i]!))).toEqual([]);
  const inOrder = [...places].sort((a, b) => a.row - b.row || a.column - b.column);
  expect(places).toEqual(inOrder);
  return lines;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

const keys = [
  ...new Set(development.match(/[\w-]+(?=:)/g)),
  "__proto__",
  "constructor",
  "toString",
  "<<",
  "",
  "0",
  "null",
  "true",
];
const anyKey = fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 30, unit: "binary" }));
const anyValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.35, Infinity, NaN, "", " ", "10.0.0.0/0", [], {}),
  fc.string({ maxLength: 200, unit: "binary" }),
  fc.constant("a".repeat(5000)),
  fc.object({ maxDepth: 3, key: anyKey }),
  fc.constantFrom(...Object.values(parse(development) as object)),
);

type Mutation = { readonly at: number } & (
  | { readonly type: "delete" }
  | { readonly type: "retype"; readonly value: unknown }
  | { readonly type: "rename"; readonly key: string }
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ type: fc.constant("delete" as const), at: fc.nat() }),
  fc.record({ type: fc.constant("retype" as const), at: fc.nat(), value: anyValue }),
  fc.record({ type: fc.constant("rename" as const), at: fc.nat(), key: anyKey }),
);

/** Every path of a document, keys of mappings and indices of lists. */
function paths(document: Document, at: readonly unknown[] = []): (readonly unknown[])[] {
  const node = at.length === 0 ? document.contents : document.getIn(at, true);
  if (!isCollection(node)) {
    return [at];
  }
  const steps = isMap(node)
    ? node.items.map(({ key }) => (isScalar(key) ? key.value : key))
    : [...node.items.keys()];
  return [at, ...steps.flatMap((step) => paths(document, [...at, step]))];
}

function mutate(document: Document, { at, ...change }: Mutation): void {
  const all = paths(document).slice(1);
  const path = all[at % Math.max(all.length, 1)];
  if (path === undefined) {
    return;
  }
  if (change.type === "delete") {
    document.deleteIn(path);
  } else if (change.type === "retype") {
    document.setIn(path, document.createNode(change.value));
  } else {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
      : undefined;
    if (pair !== undefined) {
      pair.key = new Scalar(change.key);
    }
  }
}

test("a mutated environment is an environment, or its problems have their places", () => {
  const seen = { valid: 0, invalid: 0 };
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      const document = parseDocument(development);
      mutations.forEach((change) => mutate(document, change));
      const text = stringify(document, { uniqueKeys: false } as object);
      const lines = answers(text);
      seen[lines.length === 0 ? "valid" : "invalid"]++;
    }),
    { numRuns: 250, seed },
  );
  // Both answers are met, or the test would say little.
  expect(seen.invalid).toBeGreaterThan(100);
  expect(seen.valid).toBeGreaterThan(0);
});

test("so is text that has lost, doubled or gained a piece", () => {
  const pieces = fc.constantFrom(
    ..."\t|\n|: |- |[|{|}|]|\"|'|#|&a |*a|<<: *a|!!|%|---\n|...\n|? |> |\0|\r|\ufeff|\u2028|🚢|{{ x }}|<<<<<<< HEAD\n".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 40 }), fc.array(pieces, { maxLength: 4 }), (at, length, inserted) => {
      const start = at % development.length;
      answers(development.slice(0, start) + inserted.join("") + development.slice(start + length));
    }),
    { numRuns: 250, seed },
  );
});

test("any value at all is checked without another error", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), anyValue), (value) => {
      expect(checkEnvironment(value).problems?.length).toBeGreaterThan(0);
    }),
    { numRuns: 200, seed },
  );
});

test.each([
  [
    "thousands of overlapping networks",
    "  clients:",
    `  clients: [${"{ cidr: 10.0.0.0/8 },".repeat(2400)}]\n  old:`,
  ],
  ["thousands of zones", "  zones:", `  zones: [${"us-east-1a,".repeat(5000)}]\n  old:`],
  [
    "thousands of keys",
    "clusters:",
    `${Array.from({ length: 6000 }, (_, n) => `k${n}:`).join("\n")}\nclusters:`,
  ],
  ["a very long word", "instanceTypes: [", `instanceTypes: [${"a".repeat(50_000)}, `],
])("%s take no time", (_, from, to) => {
  expect(answers(development.replace(from, to)).length).toBeGreaterThan(0);
});
