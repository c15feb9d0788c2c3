import fc from "fast-check";
import type {
  AttributeChange,
  Counts,
  Meaning,
  Picture,
  PicturedCluster,
  ResourceReview,
  Review,
  Shown,
  StackReview,
} from "../../operations/review/model";

const NO_COUNTS: Counts = { create: 0, update: 0, replace: 0, delete: 0, import: 0, move: 0, forget: 0 };

/** A review of nothing, and what is to be in it. */
export const review = (parts: Partial<Review> = {}): Review => ({
  schemaVersion: 1,
  verdict: "none",
  stacks: [],
  meanings: [],
  findings: [],
  exempted: [],
  pictures: [],
  cost: { direction: "same", items: [] },
  ...parts,
});

export const stackReview = (parts: Partial<StackReview> = {}): StackReview => ({
  stack: "development-cluster-alpha",
  environment: "development",
  kind: "cluster",
  cluster: "alpha",
  state: "changes",
  waitsFor: null,
  counts: { ...NO_COUNTS, ...parts.counts },
  resources: [],
  outputs: [],
  drift: [],
  digest: null,
  ...parts,
});

export const resource = (parts: Partial<ResourceReview> = {}): ResourceReview => ({
  address: "aws_instance.web",
  type: "aws_instance",
  action: "update",
  forcedBy: [],
  reason: null,
  attributes: [],
  ...parts,
});

export const value = (json: string): Shown => ({ kind: "value", json });

/** What somebody may write into a name or a value to make more of it than text. */
const FRAGMENTS = [
  ..."`~|\\<>[](){}*_#@&!$%^=+-:;'\" \t\n\r/.0aZé字א",
  ...[
    "```",
    "~~~",
    "\n```\n",
    "\n\n",
    "\n# Heading\n",
    "\n---\n",
    "\n| a | b |\n| - | - |\n",
    "\n1. ",
    "\n- ",
    "\n> ",
  ],
  ...[
    "<details>",
    "</details>",
    "</summary>",
    "<!--",
    "-->",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
  ],
  ...[
    "](javascript:alert(1))",
    "![x](https://evil.example/x)",
    "[x]: https://evil.example",
    "[^1]",
    "<https://evil.example>",
  ],
  ...[
    "https://evil.example/a",
    "www.evil.example",
    "mail@evil.example",
    "@admin",
    "@org/team",
    "#123",
    "GH-12",
    "a/b#1",
  ],
  ...[
    "0123456789abcdef",
    "deadbeef",
    "1234567",
    ":smile:",
    "$`x`$",
    "&lt;",
    "&#64;admin",
    "/close",
    "{{ x }}",
    "**No changes.**",
  ],
  ...[
    "\u202e",
    "\u200b",
    "\u2066",
    "\u0301",
    "\u0301\u0301\u0301",
    "\u3164",
    "\ufeff",
    "\u2028",
    "\u0000",
    "\u001b[31m",
  ],
  ...[
    "\ud800",
    "\udc00",
    "\u{e0041}",
    "\u{1f600}",
    "%%{init: {}}%%",
    '"]',
    "click c0 href",
    "#quot;",
    "end",
    "fa:fa-ban",
    "\\u{202e}",
  ],
];

export const hostile = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 }).map((all) => all.join("")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...FRAGMENTS), fc.nat(600))
      .map(([text, times]) => text.repeat(times)),
  },
);

const shown: fc.Arbitrary<Shown> = fc.oneof(
  hostile.map(value),
  fc.constantFrom<Shown>({ kind: "sensitive" }, { kind: "unknown" }, { kind: "absent" }),
);
const attribute: fc.Arbitrary<AttributeChange> = fc.record({ path: hostile, before: shown, after: shown });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 4 });

const hostileResource: fc.Arbitrary<ResourceReview> = fc.record({
  address: hostile,
  type: hostile,
  action: fc.constantFrom(
    "delete",
    "replace",
    "replace-first",
    "update",
    "create",
    "import",
    "move",
    "forget",
  ),
  forcedBy: few(hostile),
  reason: orNull(hostile),
  attributes: few(attribute),
});

const counts: fc.Arbitrary<Counts> = fc.record({
  create: fc.nat(3000),
  update: fc.nat(3000),
  replace: fc.nat(3000),
  delete: fc.nat(3000),
  import: fc.nat(3),
  move: fc.nat(3),
  forget: fc.nat(3),
});

const hostileStack: fc.Arbitrary<StackReview> = fc.record({
  stack: hostile,
  environment: hostile,
  kind: fc.constantFrom("network", "mesh", "cluster", "platform"),
  cluster: orNull(hostile),
  state: fc.constantFrom("changes", "changes", "none", "waits"),
  waitsFor: orNull(hostile),
  counts,
  resources: few(hostileResource),
  outputs: few(attribute),
  drift: few(hostile),
  digest: orNull(hostile),
});

const meaning: fc.Arbitrary<Meaning> = fc.record({
  code: fc.constantFrom("active-cluster-touched", "step-skipped"),
  severity: fc.constantFrom("note", "attention", "danger", "refused"),
  stack: hostile,
  address: orNull(hostile),
  text: hostile,
});

const finding = {
  check: fc.constantFrom("open-ingress" as const, "missing-tags" as const),
  stack: hostile,
  address: hostile,
  wrong: hostile,
  right: hostile,
};

const cluster: fc.Arbitrary<PicturedCluster> = fc.record({
  name: hostile,
  kind: fc.constantFrom("self-managed", "eks", null),
  role: fc.constantFrom("active", "passive", "retiring", "removed", null),
  version: orNull(hostile),
  weight: orNull(fc.integer({ min: 0, max: 100 })),
});

export const hostilePicture: fc.Arbitrary<Picture> = fc.record({
  environment: hostile,
  gateways: fc.boolean(),
  clusters: few(cluster),
});

/** Reviews whose every text was written to mislead. */
export const hostileReview: fc.Arbitrary<Review> = fc.record({
  schemaVersion: fc.constant(1),
  verdict: fc.constantFrom("none", "note", "attention", "danger", "refused"),
  stacks: few(hostileStack),
  meanings: few(meaning),
  findings: few(fc.record(finding)),
  exempted: few(fc.record({ ...finding, reason: hostile, owner: orNull(hostile) })),
  pictures: few(fc.record({ before: hostilePicture, after: hostilePicture })),
  cost: fc.record({
    direction: fc.constantFrom("more", "less", "same", "both", "unknown"),
    items: few(
      fc.record({
        stack: hostile,
        what: hostile,
        direction: fc.constantFrom("more" as const, "less" as const),
        count: fc.nat(99),
      }),
    ),
  }),
});
