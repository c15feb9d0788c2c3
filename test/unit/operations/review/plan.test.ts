import * as fc from "fast-check";
import { SENSITIVE, UNKNOWN } from "../../../../operations/review/masked";
import { commentOf } from "../../../../operations/review/markdown/comment";
import { readPlan } from "../../../../operations/review/plan";
import { reviewOf } from "../../../../operations/review/review";
import { fixture, planWith, read, scenarios } from "./plans";

const SECRET = "correct horse battery staple";

/** All of what a plan shows as text, and what symbols hide from JSON. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "symbol" ? inner.toString() : inner instanceof Map ? [...inner] : inner,
  );

describe("what is no plan is refused, and nothing of it quoted", () => {
  const failure = (text: string) => {
    try {
      readPlan(text, "alpha.json");
    } catch (error) {
      return error as Error & { kind: string };
    }
    throw new Error("it was read");
  };

  test.each([
    ["no JSON", `{"secret": "${SECRET}`, "is no JSON"],
    ["a list", `["${SECRET}"]`, "it is no object"],
    ["a state", `{"format_version": "4", "values": "${SECRET}"}`, "no format_version 1.x"],
    ["a format to come", `{"format_version": "2.0"}`, "no format_version 1.x"],
    ["a plan of a run that failed", `{"format_version": "1.2", "errored": true}`, "a run that failed"],
    ["changes that are no list", `{"format_version": "1.2", "resource_changes": {"a": 1}}`, "is no list"],
    [
      "neither changes nor values",
      `{"format_version": "1.2"}`,
      "neither resource_changes nor planned_values",
    ],
    ["a state of format 1.0", `{"format_version": "1.0", "values": {}}`, "neither resource_changes nor"],
    [
      "a change that is none",
      `{"format_version": "1.2", "resource_changes": [7]}`,
      "resource_changes[0] has no address",
    ],
    [
      "a change without what it does",
      `{"format_version": "1.2", "resource_changes": [{"address": "a.b", "type": "a"}]}`,
      "a.b.change is no object",
    ],
    [
      "an action that nobody knows",
      JSON.stringify(planWith({ actions: ["explode"] })),
      "does something to aws_vpc.vpc that is not known",
    ],
    [
      "values without what of them is sensitive",
      JSON.stringify(planWith({ after: { password: SECRET }, after_sensitive: undefined })),
      "no after_sensitive",
    ],
    [
      "values so deep that a reader would fall over",
      JSON.stringify(planWith({ before: "DEEP" })).replace(
        '"DEEP"',
        `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      ),
      "more than 100 deep",
    ],
  ])("%s", (_, text, says) => {
    const error = failure(text);
    expect(error).toMatchObject({ kind: "invalid", message: expect.stringContaining(says) });
    expect(error.message).toContain("alpha.json");
    expect(error.message).not.toContain("horse");
  });

  test("a plan of nothing is one", () => {
    expect(readPlan('{"format_version": "1.2", "planned_values": {}}', "x")).toMatchObject({
      changes: [],
      unchanged: [],
      drift: [],
    });
  });

  test("a plan that only refreshes has its resources in the prior state alone", () => {
    const resource = (parts: object) => ({
      ...{ address: "aws_vpc.vpc", mode: "managed", type: "aws_vpc", name: "vpc" },
      ...{ values: { id: "vpc-1", token: SECRET, twin: SECRET }, sensitive_values: { token: true } },
      ...parts,
    });
    const resources = [
      resource({}),
      resource({ address: "aws_vpc.old", deposed_key: "0123abcd" }),
      resource({ address: "data.aws_vpc.x", mode: "data" }),
      resource({ address: "aws_vpc.closed", sensitive_values: undefined }),
    ];
    const prior_state = { values: { root_module: { resources } } };
    const plan = readPlan(
      JSON.stringify({ format_version: "1.2", planned_values: { root_module: {} }, prior_state }),
      "x",
    );
    expect(plan.unchanged.map(({ address, action, after }) => ({ address, action, after }))).toMatchObject([
      { address: "aws_vpc.vpc", action: "none", after: { id: "vpc-1", token: SENSITIVE } },
      { address: "aws_vpc.closed", action: "none", after: SENSITIVE },
    ]);
    expect(plan.hide(SECRET)).toBe("(sensitive)");
  });
});

describe("what is sensitive", () => {
  const attributes = (change: Parameters<typeof planWith>[0]) => {
    const [one] = read(planWith(change)).changes;
    return { shown: textOf(one), attributes: one?.attributes };
  };

  test.each([
    ["an attribute", { password: `${SECRET}1` }, { password: SECRET }, { password: true }],
    [
      "a part of a tree",
      { a: [{ b: { c: `${SECRET}1` } }] },
      { a: [{ b: { c: SECRET } }] },
      { a: [{ b: { c: true } }] },
    ],
    ["a whole tree", { a: [{ b: `${SECRET}1` }] }, { a: [{ b: SECRET }] }, { a: true }],
    ["an item of a list", { a: ["x", `${SECRET}1`] }, { a: ["x", SECRET] }, { a: [false, true] }],
    ["all of a resource", { a: `${SECRET}1` }, { a: SECRET }, true],
    ["a text whose mask is a tree", { a: `${SECRET}1` }, { a: SECRET }, { a: { b: true } }],
    ["a list whose mask is a mapping", { a: [`${SECRET}1`] }, { a: [SECRET] }, { a: { b: true } }],
    ["a mapping whose mask is a list", { a: { b: `${SECRET}1` } }, { a: { b: SECRET } }, { a: [true] }],
  ])("%s is not in the plan that is read, on neither side", (_, before, after, mask) => {
    for (const [before_sensitive, after_sensitive] of [
      [mask, mask],
      [false, mask],
    ]) {
      const { shown, attributes: found } = attributes({ before, after, before_sensitive, after_sensitive });
      expect(found).not.toEqual([]);
      expect(shown).not.toContain("horse");
    }
  });

  test("a change of a secret is told, and that it did not change", () => {
    const mask = { before_sensitive: { value: true }, after_sensitive: { value: true } };
    expect(attributes({ before: { value: "one" }, after: { value: "two" }, ...mask }).attributes).toEqual([
      { path: "value", before: { kind: "sensitive" }, after: { kind: "sensitive" } },
    ]);
    expect(
      attributes({ before: { value: "one", n: 1 }, after: { value: "one", n: 2 }, ...mask }).attributes,
    ).toEqual([{ path: "n", before: { kind: "value", json: "1" }, after: { kind: "value", json: "2" } }]);
  });

  test("outputs and what other stacks say are masked, too", () => {
    const plan = planWith();
    const side = { before: SECRET, after: `${SECRET}!`, before_sensitive: true, after_sensitive: true };
    plan.output_changes = { token: { actions: ["update"], after_unknown: false, ...side } };
    const state = (sensitive_values: unknown) => ({
      ...{ mode: "data", type: "terraform_remote_state", address: "data.terraform_remote_state.x" },
      values: {
        config: { key: "development/development-network.tfstate" },
        outputs: { vpc_id: "vpc-1", token: SECRET },
      },
      sensitive_values,
    });
    const stateAs = (mask: unknown) => ({ values: { root_module: { resources: [state(mask)] } } });
    plan.prior_state = stateAs({ outputs: { token: true } });
    const { outputs, otherStacks } = read(plan);
    expect(outputs.get("token")).toMatchObject({ before: SENSITIVE, after: SENSITIVE });
    expect(otherStacks.get("development-network")).toEqual({ vpc_id: "vpc-1", token: SENSITIVE });
    plan.prior_state = stateAs(undefined);
    expect(textOf(read(plan))).not.toContain("horse");
  });

  test("a provider that gives a secret back under another name gives it to nobody", () => {
    const plan = planWith(
      {
        ...{ address: "terraform_data.x", type: "terraform_data", actions: ["create"] },
        after: { input: SECRET, output: SECRET, said: `${SECRET}!`, by: { [SECRET]: 1 }, other: "shown" },
        after_sensitive: { input: true },
      },
      {
        ...{ address: "aws_vpc_security_group_ingress_rule.x", type: "aws_vpc_security_group_ingress_rule" },
        before: { cidr_ipv4: "10.0.0.0/8", description: SECRET },
        after: { cidr_ipv4: "0.0.0.0/0", description: SECRET, ip_protocol: SECRET },
      },
    );
    plan.output_changes = {
      twin: {
        actions: ["create"],
        before: null,
        after: SECRET,
        before_sensitive: false,
        after_sensitive: false,
      },
    };
    const review = reviewOf([{ stack: "development-network", plan: read(plan) }]);
    expect(JSON.stringify(review)).not.toContain("horse");
    expect(JSON.stringify(review)).toContain("shown");
    expect(review.meanings).toMatchObject([{ text: expect.stringContaining("(sensitive)") }]);
    expect(review.stacks[0]?.outputs).toMatchObject([{ path: "twin", after: { kind: "sensitive" } }]);
  });

  describe("a secret that is repeated within JSON", () => {
    const secret = String.raw`pa"ss\word-<Xy91>`;
    const encoded = (times: number, encode: (value: unknown) => string) =>
      Array.from({ length: times }).reduce<unknown>((value) => encode({ p: value }), secret);
    const ofGo = (value: unknown) =>
      JSON.stringify(value).replace(/[<>&]/g, (character) =>
        character === "<" ? "\\u003c" : character === ">" ? "\\u003e" : "\\u0026",
      );

    test.each([0, 1, 2, 3])("%i times, is shown nowhere", (times) => {
      for (const encode of [JSON.stringify, ofGo]) {
        const plan = planWith({
          ...{ address: "terraform_data.x", type: "terraform_data", actions: ["create"] },
          after: {
            input: secret,
            twin: encoded(times, encode),
            list: [`x ${String(encoded(times, encode))}`],
          },
          after_sensitive: { input: true },
        });
        const review = reviewOf([{ stack: "development-network", plan: read(plan) }]);
        expect(JSON.stringify(review)).not.toContain("Xy91");
        expect(commentOf(review)).not.toContain("Xy91");
        expect(review.stacks[0]?.resources[0]?.attributes.map(({ after }) => after.kind)).toEqual([
          ...["sensitive", "sensitive", "sensitive"],
        ]);
      }
    });
  });

  test("a sensitive number of eight digits or more is repeated nowhere, a shorter one says nothing", () => {
    const kinds = (number: number) => {
      const after = {
        pin: number,
        twin: number,
        text: `is ${number}`,
        json: JSON.stringify({ a: [number] }),
      };
      const plan = planWith({ actions: ["create"], after, after_sensitive: { pin: true } });
      return read(plan).changes[0]?.attributes.map(({ after: { kind } }) => kind);
    };
    for (const number of [12345678, -12345678, 1234.5678]) {
      expect(kinds(number)).toEqual(["sensitive", "sensitive", "sensitive", "sensitive"]);
    }
    expect(kinds(1234567)).toEqual(["value", "sensitive", "value", "value"]);
  });

  test("what a parameter in plain text says is no secret elsewhere, what an encrypted one says is", () => {
    const shown = (type: string) => {
      const parameter = {
        ...{ address: "aws_ssm_parameter.x", type: "aws_ssm_parameter", actions: ["create"] },
        ...{ after: { type, value: "a-cluster-of-ours" }, after_sensitive: { value: true } },
      };
      const other = { actions: ["create"], after: { name: "development-a-cluster-of-ours" } };
      return read(planWith(parameter, other)).changes[1]?.attributes[0]?.after.kind;
    };
    expect([shown("String"), shown("SecureString")]).toEqual(["value", "sensitive"]);
  });

  test("no tree of values and masks of the same shape lets a secret through", () => {
    const leaf = fc.oneof(fc.constant("plain"), fc.constant(null), fc.integer(), fc.boolean());
    type Tree = { readonly value: unknown; readonly mask: unknown };
    const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf.map((value) => ({ value, mask: false })),
        fc.constant({ value: SECRET, mask: true }),
        fc.array(tie("tree"), { maxLength: 3 }).map((all) => ({
          value: all.map(({ value }) => value),
          mask: all.map(({ mask }) => mask),
        })),
        fc
          .dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor")), tie("tree"), {
            maxKeys: 3,
          })
          .map((all) => ({
            value: Object.fromEntries(Object.entries(all).map(([key, { value }]) => [key, value])),
            mask: Object.fromEntries(
              Object.entries(all)
                .filter(([, { mask }]) => mask !== false)
                .map(([key, { mask }]) => [key, mask]),
            ),
          })),
      ),
    })).tree;
    fc.assert(
      fc.property(
        tree,
        tree,
        fc.constantFrom("update", "create", "delete", "no-op"),
        (one, other, action) => {
          const plan = read(
            planWith({
              actions: [action],
              ...{ before: { a: one.value }, before_sensitive: { a: one.mask } },
              ...{ after: { a: other.value }, after_sensitive: { a: other.mask } },
            }),
          );
          expect(textOf(plan)).not.toContain("horse");
        },
      ),
    );
  });
});

describe("what differs", () => {
  const paths = (before: unknown, after: unknown, after_unknown: unknown = {}) =>
    read(planWith({ before, after, after_unknown })).changes[0]?.attributes.map(
      ({ path, before: from, after: to }) =>
        `${path}: ${from.kind === "value" ? from.json : from.kind} -> ${to.kind === "value" ? to.json : to.kind}`,
    );

  test("is told leaf by leaf, with paths as Terraform writes them", () => {
    expect(
      paths(
        { ebs: [{ size: 1, type: "gp3" }], tags: { "a:b": "x", c: "y" }, same: { a: [1] } },
        { ebs: [{ size: 2, type: "gp3" }], tags: { "a:b": "z" }, same: { a: [1] } },
      ),
    ).toEqual(["ebs[0].size: 1 -> 2", 'tags["a:b"]: "x" -> "z"', 'tags.c: "y" -> absent']);
  });

  test("is told of blocks that come and go, of empty ones, and of what changes its kind", () => {
    expect(paths({ a: null, b: [], c: "text" }, { a: [{ x: 1 }], b: null, c: { y: 1 } })).toEqual([
      "a[0].x: absent -> 1",
      "b: [] -> absent",
      'c: "text" -> {"y":1}',
    ]);
  });

  test("is unknown where an apply will tell, also below what stays", () => {
    expect(
      paths({ a: [{ v: "1", w: 1 }], b: "x" }, { a: [{ w: 1 }] }, { a: [{ v: true }], b: true }),
    ).toEqual(['a[0].v: "1" -> unknown', 'b: "x" -> unknown']);
  });

  test("knows names of what every object inherits as names like others", () => {
    const before = JSON.parse('{"tags": {"__proto__": "a", "constructor": "b"}}') as unknown;
    expect(paths(before, { tags: { toString: "c" } })).toEqual([
      'tags.__proto__: "a" -> absent',
      'tags.constructor: "b" -> absent',
      'tags.toString: absent -> "c"',
    ]);
  });

  test("of what is made is what is known of it; of what goes, nothing", () => {
    const made = planWith({
      actions: ["create"],
      after: { name: "x", size: 3, none: null },
      after_unknown: { id: true },
    });
    expect(read(made).changes[0]).toMatchObject({
      after: { name: "x", size: 3, id: UNKNOWN },
      attributes: [{ path: "name" }, { path: "size" }],
    });
    expect(read(planWith({ actions: ["delete"], before: { name: "x" } })).changes[0]?.attributes).toEqual([]);
  });
});

describe("what is done", () => {
  test.each([
    [["no-op"], {}, "none"],
    [["create"], {}, "create"],
    [["delete", "create"], {}, "replace"],
    [["create", "delete"], {}, "replace-first"],
    [["forget"], {}, "forget"],
    [["no-op"], { importing: { id: "x" } }, "import"],
    [["update"], { importing: { id: "x" } }, "import"],
    [["no-op"], { previous_address: "aws_vpc.old" }, "move"],
    [["update"], { previous_address: "aws_vpc.old" }, "update"],
    [["delete", "create"], { importing: { id: "x" } }, "replace"],
  ])("%j %j is %s", (actions, more, action) => {
    const { changes, unchanged } = read(planWith({ actions, ...more }));
    expect([...changes, ...unchanged].map((one) => one.action)).toEqual([action]);
  });

  test("reads are none of it, and a deposed object is no resource", () => {
    const plan = read(
      planWith({ actions: ["read"], mode: "data" }, { actions: ["delete"], deposed: "0123abcd", before: {} }),
    );
    expect(plan.changes).toMatchObject([
      { address: "aws_vpc.vpc (deposed object 0123abcd)", isDeposed: true },
    ]);
  });

  test("a replacement says which attributes force it, and otherwise why", () => {
    const [forced, asked, odd] = read(
      planWith(
        {
          actions: ["delete", "create"],
          replace_paths: [["ebs", 0, "kms:key"], ["cidr"], ["cidr"]],
          action_reason: "replace_because_cannot_update",
        },
        { actions: ["delete", "create"], action_reason: "replace_by_request" },
        { actions: ["delete"], action_reason: "delete_because_of_the_moon" },
      ),
    ).changes;
    expect(forced).toMatchObject({ forcedBy: ["cidr", 'ebs[0]["kms:key"]'], reason: null });
    expect(asked).toMatchObject({ forcedBy: [], reason: "whoever planned asked for it" });
    expect(odd).toMatchObject({ reason: "delete because of the moon" });
  });
});

test("every real plan is read, and twice the same", () => {
  expect(scenarios().length).toBeGreaterThanOrEqual(15);
  const text = JSON.stringify(fixture("node-rotation", "cluster-alpha"));
  expect(textOf(readPlan(text, "x"))).toBe(textOf(readPlan(text, "x")));
  // The registry's entry is a secret to Terraform.
  const alpha = readPlan(text, "x").unchanged.find(({ type }) => type === "aws_ssm_parameter");
  expect(alpha?.after).toMatchObject({ value: SENSITIVE });
});
