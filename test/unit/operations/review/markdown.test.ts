import fc from "fast-check";
import { commentOf, LEAST_COMMENT_BYTES } from "../../../../operations/review/markdown/comment";
import type { Meaning, Picture, Review, Severity } from "../../../../operations/review/model";
import { readMarkdown } from "../../../support/markdown";
import { randomNumbers, seed } from "../../../support/property";
import { hostileReview, resource, review, stackReview, value } from "../../../support/reviews";

const meaning = (severity: Severity, text: string, parts: Partial<Meaning> = {}): Meaning => ({
  code: "x",
  severity,
  stack: "development-cluster-alpha",
  address: null,
  text,
  ...parts,
});

const counts = { create: 0, update: 0, replace: 0, delete: 0, import: 0, move: 0, forget: 0 };
const changed = (parts: Partial<Review> = {}) =>
  review({ verdict: "note", stacks: [stackReview()], ...parts });
const firstLine = (of: Review) => commentOf(of).split("\n")[0];

describe("the first line", () => {
  test.each<[string, Review, string]>([
    ["nothing", review({ stacks: [stackReview({ state: "none" })] }), "**No changes (development).**"],
    [
      "stacks that only wait",
      review({
        verdict: "note",
        stacks: [
          stackReview({ state: "waits", waitsFor: "development-network" }),
          stackReview({ state: "none" }),
        ],
      }),
      "**Nothing to apply yet (development).**",
    ],
    [
      "a refusal",
      changed({
        verdict: "refused",
        meanings: [meaning("refused", "cluster alpha, which is active, is removed")],
      }),
      "**Do not apply (development):** cluster alpha, which is active, is removed.",
    ],
    [
      "two refusals and less",
      changed({
        verdict: "refused",
        meanings: [
          meaning("refused", "it goes."),
          meaning("refused", "it rolls"),
          meaning("note", "it is tagged"),
        ],
      }),
      "**Do not apply (development):** it goes. And 1 more refusal below.",
    ],
    [
      "a finding of the policy",
      changed({
        verdict: "refused",
        findings: [
          { check: "open-ingress", stack: "s-mesh", address: "a.b", wrong: "it is open", right: "close it" },
        ],
      }),
      "**Do not apply (development):** `s-mesh/a.b` breaks open-ingress: it is open.",
    ],
    [
      "danger",
      changed({ verdict: "danger", meanings: [meaning("danger", "all gateways go")] }),
      "**Danger (development):** all gateways go.",
    ],
    [
      "attention",
      changed({ verdict: "attention", meanings: [meaning("attention", "it is new")] }),
      "**Look closely (development):** it is new.",
    ],
    [
      "a note",
      changed({ meanings: [meaning("note", "it is new")] }),
      "**No danger found (development):** it is new.",
    ],
    ["changes that mean nothing", changed(), "**No danger found (development).**"],
    ["changes, and a verdict of none", changed({ verdict: "none" }), "**No danger found (development).**"],
    [
      "reasons of each kind",
      changed({
        verdict: "refused",
        findings: [
          { check: "open-ingress", stack: "s-mesh", address: "a.b", wrong: "it is open", right: "close it" },
        ],
        meanings: [
          meaning("refused", "it goes"),
          ...Array.from({ length: 7 }, () => meaning("danger", "it rolls")),
          meaning("attention", "it is new"),
          meaning("note", "it is tagged"),
        ],
      }),
      "**Do not apply (development):** it goes. And 1 more refusal, 7 dangers and 1 point of attention below.",
    ],
    [
      "several notes",
      changed({ meanings: [meaning("note", "it is new"), meaning("note", "it is old")] }),
      "**No danger found (development):** it is new. And 1 more note below.",
    ],
    [
      "an environment whose name is no word",
      changed({ stacks: [stackReview({ environment: "<b>1" })] }),
      "**No danger found (`\\u{3c}b>1`).**",
    ],
  ])("given %s", (_what, of, expected) => expect(firstLine(of)).toBe(expected));

  test("given several environments, each that changes has a line of its own, the worst first", () => {
    const stackIn = (environment: string, parts = {}) =>
      stackReview({ environment, stack: `${environment}-cluster-alpha`, ...parts });
    const stacks = ["development", "production", "staging"].map((environment) =>
      stackIn(environment, { state: environment === "staging" ? "none" : "changes" }),
    );
    const comment = commentOf(
      changed({
        verdict: "refused",
        stacks,
        meanings: [
          meaning("refused", "it goes", { stack: "production-cluster-alpha" }),
          meaning("danger", "it rolls", { stack: "production-cluster-alpha" }),
          meaning("attention", "it is new", { stack: "development-cluster-alpha" }),
        ],
      }),
    );
    expect(comment.split("\n").slice(0, 5)).toEqual([
      "**Do not apply (production):** it goes. And 1 danger below.",
      "",
      "**Look closely (development):** it is new.",
      "",
      "Outputs alone change. 3 stacks reviewed: 2 with changes.",
    ]);
    const none = stacks.map((stack) => ({ ...stack, state: "none" as const }));
    expect(firstLine(review({ stacks: none }))).toBe("**No changes.**");
  });
});

test("what it means keeps the review's order, notes apart", () => {
  const comment = commentOf(
    changed({
      verdict: "danger",
      meanings: [
        meaning("attention", "first"),
        meaning("note", "noted"),
        meaning("danger", "second"),
        meaning("attention", "third"),
      ],
    }),
  );
  expect(comment).toContain(
    "### What it means\n\n- **Attention:** first\n- **Danger:** second\n- **Attention:** third\n",
  );
  expect(comment).toContain("### To know\n\n- noted\n");
});

test("given changes, what is lost comes before all else that changes, with what forces each", () => {
  const comment = commentOf(
    changed({
      meanings: [meaning("attention", "an etcd member is replaced", { address: "aws_instance.etcd" })],
      stacks: [
        stackReview({
          counts: { ...counts, create: 1, update: 1, replace: 1, delete: 1 },
          resources: [
            resource({
              address: "aws_vpc.old",
              action: "delete",
              reason: "it is not in the code any more",
            }),
            resource({
              address: "aws_instance.etcd",
              action: "replace",
              forcedBy: ["ami"],
              attributes: [
                { path: "ami", before: value('"ami-1"'), after: { kind: "unknown" } },
                { path: "user_data", before: { kind: "sensitive" }, after: { kind: "sensitive" } },
              ],
            }),
            resource({
              address: "aws_lb.x",
              attributes: [{ path: "tags.a", before: { kind: "absent" }, after: value("1") }],
            }),
            resource({ address: "aws_eip.new", action: "create" }),
          ],
          digest: "sha256:00ff",
        }),
      ],
    }),
  );
  expect(comment).toBe(`**Look closely (development):** an etcd member is replaced.

1 to create, 1 to update, 1 to replace, 1 to destroy. 1 stack reviewed: 1 with changes.

### What it means

- **Attention:** an etcd member is replaced (\`aws_instance.etcd\`)

| Environment | Cluster | Stack | Create | Update | Replace | Destroy | Else |
| --- | --- | --- | ---: | ---: | ---: | ---: | --- |
| \`development\` | \`alpha\` | \`development-cluster-alpha\` | 1 | 1 | 1 | 1 |  |

### Destroyed and replaced

- **destroy** 1: it is not in the code any more
  - \`aws_vpc.old\`
- **replace** 1
  - \`aws_instance.etcd\`, forced by \`ami\`
    - \`ami\`: \`"ami-1"\` → (known after apply)
    - 1 more attribute

**Monthly cost:** the same, as far as it is plain.

<details><summary>1 update in <code>development-cluster-alpha</code></summary>

- \`aws_lb.x\`
  - \`tags.a\`: (none) → \`1\`

</details>

<details><summary>1 create in <code>development-cluster-alpha</code></summary>

- \`aws_eip.new\`

</details>

Digest of the reviewed plan: \`sha256:00ff\`
`);
});

test("given several stacks, each change says which it is of", () => {
  const lost = (address: string) => resource({ address, action: "delete" });
  const comment = commentOf(
    changed({
      meanings: [meaning("danger", "it goes", { address: "aws_vpc.x" })],
      stacks: [
        stackReview({
          stack: "e-network",
          resources: [lost("aws_vpc.x"), resource({ address: "aws_eip.x" })],
        }),
        stackReview({ stack: "e-mesh", resources: [lost("aws_vpc.y"), lost("aws_vpc.z")] }),
      ],
    }),
  );
  expect(comment).toContain("- **Danger:** it goes (`development-cluster-alpha`, `aws_vpc.x`)");
  expect(comment).toContain("- **destroy** 1 in `e-network`\n  - `aws_vpc.x`\n");
  expect(comment).toContain("- **destroy** 2 in `e-mesh`\n  - `aws_vpc.y`\n  - `aws_vpc.z`\n");
  expect(comment).toContain("<details><summary>1 update</summary>\n\n- `e-network`\n  - `aws_eip.x`\n");
});

test("given more losses than anybody reads in one go, the rest is folded and says of what it is", () => {
  const resources = Array.from({ length: 33 }, (_, at) =>
    resource({ address: `a.b${at}`, action: "delete" }),
  );
  const comment = commentOf(changed({ stacks: [stackReview({ resources })] }));
  expect(comment).toContain("  - `a.b29`\n\n");
  expect(comment).toContain(
    "<summary>3 more destroyed or replaced in <code>development-cluster-alpha</code></summary>\n\n- **destroy** 3\n  - `a.b30`\n",
  );
});

test("given outputs alone, it says so", () => {
  const outputs = [{ path: "endpoint", before: value('"a"'), after: { kind: "unknown" } }] as const;
  const comment = commentOf(changed({ stacks: [stackReview({ outputs })] }));
  expect(comment).toContain("\nOutputs alone change. 1 stack reviewed: 1 with changes.\n");
  expect(comment).toContain('- `endpoint`: `"a"` → (known after apply)');
  const numbers = (parts: object) => commentOf(changed({ stacks: [stackReview(parts)] })).split("\n")[2];
  expect(numbers({ drift: ["a.b"] })).toMatch(/^The state alone changes\. /);
  expect(numbers({ drift: ["a.b"], outputs })).toMatch(/^The state and outputs alone change\. /);
});

test("given an environment of which nothing stands before or after, there is no picture of it", () => {
  const nothing = { environment: "development", gateways: false, clusters: [] };
  const comment = (after: Picture) => commentOf(changed({ pictures: [{ before: nothing, after }] }));
  expect(comment(nothing)).not.toContain("mermaid");
  expect(comment({ ...nothing, gateways: true })).toContain('empty["Nothing stands"]');
});

test("given a stack that waits, the table says for which", () => {
  const comment = commentOf(
    review({ stacks: [stackReview({ state: "waits", waitsFor: "development-cluster-alpha" })] }),
  );
  expect(readMarkdown(comment).rows[1]?.at(-1)).toBe("waits for development-cluster-alpha");
});

test("given an exemption, it says why, and who answers for it", () => {
  const exempted = { check: "open-ingress", stack: "s", address: "a.b", wrong: "w", right: "r" } as const;
  const comment = commentOf(
    changed({
      exempted: [
        { ...exempted, reason: "Until March, see the ticket", owner: "team-edge" },
        { ...exempted, reason: "Nobody knows", owner: null },
      ],
    }),
  );
  expect(comment).toContain("- `open-ingress` `a.b`: Until March, see the ticket (owner `team-edge`)");
  expect(comment).toContain("- `open-ingress` `a.b`: Nobody knows (no owner is named)");
});

test("given costs, it says which way, and of what", () => {
  const items = [{ stack: "s", what: "m7i.large", direction: "more", count: 3 }] as const;
  expect(commentOf(changed({ cost: { direction: "more", items } }))).toContain(
    "**Monthly cost:** more.\n\n- more: 3 × `m7i.large`\n",
  );
  const volumes = [{ stack: "s", what: "GiB of gp3", direction: "less", count: 60 }] as const;
  expect(commentOf(changed({ cost: { direction: "less", items: volumes } }))).toContain(
    "\n- less: 60 GiB of gp3\n",
  );
  const odd = [{ stack: "s", what: "GiB of <b>", direction: "less", count: 60 }] as const;
  expect(commentOf(changed({ cost: { direction: "less", items: odd } }))).toContain(
    "\n- less: 60 GiB of `\\u{3c}b>`\n",
  );
});

describe("whatever a plan says", () => {
  test("it stays text: no link, no mention, no HTML but ours, and every fence and details closed", () => {
    fc.assert(
      fc.property(hostileReview, fc.constantFrom(60_000, LEAST_COMMENT_BYTES), (of, limit) => {
        const comment = commentOf(of, limit);
        expect(readMarkdown(comment).problems).toEqual([]);
        expect(Buffer.byteLength(comment)).toBeLessThan(limit);
        expect(
          comment
            .replace(/<\/?(details|summary|code)>|<br\/>/g, "")
            .replaceAll("-->", "")
            .includes("<"),
        ).toBe(false);
      }),
      { seed, numRuns: 150 },
    );
  });

  test("the same review gives the same bytes", () => {
    fc.assert(
      fc.property(hostileReview, (of) => expect(commentOf(structuredClone(of))).toBe(commentOf(of))),
      { seed, numRuns: 30 },
    );
  });

  test("given thousands of everything, it keeps below the limit and says how much was left out", () => {
    fc.assert(
      fc.property(
        hostileReview,
        fc.integer({ min: LEAST_COMMENT_BYTES, max: 70_000 }),
        fc.nat(),
        (of, limit, start) => {
          const comment = commentOf(manyOf(of, start), limit);
          expect(Buffer.byteLength(comment)).toBeLessThan(limit);
          expect(readMarkdown(comment).problems).toEqual([]);
        },
      ),
      { seed, numRuns: 10 },
    );
  });

  /** Each list of it thousands of times, in another order. */
  function manyOf(of: Review, start: number): Review {
    const random = randomNumbers(start);
    const many = <T>(list: readonly T[], count: number) =>
      list.length === 0
        ? []
        : Array.from({ length: count }, () => list[Math.floor(random() * list.length)] as T);
    return {
      ...of,
      stacks: many(of.stacks, 300).map((stack) => ({
        ...stack,
        resources: many(stack.resources, 20),
        outputs: many(stack.outputs, 5),
      })),
      meanings: many(of.meanings, 2000),
      findings: many(of.findings, 2000),
      exempted: many(of.exempted, 2000),
      pictures: many(of.pictures, 100).map(({ before, after }) => ({
        before: { ...before, clusters: many(before.clusters, 50) },
        after,
      })),
      cost: { ...of.cost, items: many(of.cost.items, 2000) },
    };
  }

  test("given 5,000 updates and a destroy, the destroy is there, and the updates are counted", () => {
    const updates = Array.from({ length: 5000 }, (_, at) =>
      resource({ address: `aws_instance.node[${at}]` }),
    );
    const comment = commentOf(
      changed({
        stacks: [
          stackReview({ resources: [resource({ action: "delete", address: "aws_vpc.x" }), ...updates] }),
        ],
      }),
    );
    expect(comment).toContain("- **destroy** 1\n  - `aws_vpc.x`\n");
    const shown = comment.match(/^- `aws_instance\.node/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(500);
    expect(comment).toContain(`… and ${5000 - shown} more, left out here`);
    expect(comment).toContain("<details><summary>5000 updates in");
  });

  test("given a sensitive value, nothing but that it is one is said", () => {
    const attributes = [
      { path: "password", before: { kind: "sensitive" }, after: { kind: "sensitive" } },
    ] as const;
    const comment = commentOf(changed({ stacks: [stackReview({ resources: [resource({ attributes })] })] }));
    expect(comment).toContain("- `password`: (sensitive) → (sensitive)");
  });
});
