import fc from "fast-check";
import { digestOf, newKey } from "../../../../../operations/atlantis/run/digest";
import { isEmpty, normalise } from "../../../../../operations/atlantis/run/normalised-plan";
import { parseExactly } from "../../../../../operations/terraform/exact-json";
import { seed } from "../../../../support/property";

// Two plans have one digest exactly when they do the same: that is what lets the second be applied for the first.

const key = newKey();
const digest = (plan: unknown) => digestOf(normalise(plan), key);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Change {
  actions: string[];
  before: { [key: string]: Json } | null;
  after: { [key: string]: Json } | null;
  after_unknown: { [key: string]: Json };
  before_sensitive: { [key: string]: Json };
  after_sensitive: { [key: string]: Json };
  replace_paths?: Json[];
}

interface Plan {
  format_version: string;
  terraform_version: string;
  timestamp: string;
  applyable: boolean;
  resource_changes: { address: string; type: string; change: Change }[];
  output_changes: { [name: string]: Change };
  [other: string]: unknown;
}

const name = fc.stringMatching(/^[a-z]{1,6}$/);
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const values: fc.Arbitrary<{ [key: string]: Json }> = fc.dictionary(
  name,
  fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(name, leaf, { maxKeys: 3 })),
  { minKeys: 1, maxKeys: 5 },
);
const unmarked = { after_unknown: {}, before_sensitive: {}, after_sensitive: {} };
const change: fc.Arbitrary<Change> = fc.oneof(
  values.map((after) => ({ actions: ["create"], before: null, after, ...unmarked })),
  values.map((before) => ({ actions: ["delete"], before, after: null, ...unmarked })),
  fc
    .tuple(values, values)
    .map(([before, after]) => ({ actions: ["delete", "create"], before, after, ...unmarked })),
  fc
    .tuple(values, fc.string())
    // Something differs, so that it is an update.
    .map(([same, text]) => ({
      actions: ["update"],
      before: { ...same, changed: text },
      after: { ...same, changed: `${text}.` },
      ...unmarked,
    })),
);
const plan: fc.Arbitrary<Plan> = fc
  .record({
    changes: fc.uniqueArray(fc.tuple(name, change), { selector: ([one]) => one, minLength: 1, maxLength: 6 }),
    outputs: fc.dictionary(name, change, { maxKeys: 3 }),
  })
  .map(({ changes, outputs }) => ({
    format_version: "1.2",
    terraform_version: "1.11.4",
    timestamp: "2026-01-01T00:00:00Z",
    applyable: true,
    resource_changes: changes.map(([id, one]) => ({
      address: `aws_vpc.${id}`,
      type: "aws_vpc",
      change: one,
    })),
    output_changes: outputs,
  }));

const check = (property: fc.IRawProperty<unknown>) => fc.assert(property, { seed, numRuns: 100 });

/** The same value with its keys in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([id, inner]) => [id, reversed(inner)]),
  );
}

// Not structuredClone: what an update leaves would be one object on both of its sides.
const copyOf = (one: Plan) => JSON.parse(JSON.stringify(one)) as Plan;

describe("does not matter:", () => {
  test("the order of resources, outputs, and keys", () => {
    check(
      fc.property(plan, (one) => {
        const other = { ...(reversed(one) as Plan), resource_changes: [...one.resource_changes].reverse() };
        expect(digest(other)).toBe(digest(one));
      }),
    );
  });

  test("what does nothing: resources and outputs that stay, data that is read", () => {
    check(
      fc.property(plan, values, (one, same) => {
        const other = copyOf(one);
        const idle = (actions: string[]) => ({ actions, before: same, after: same, ...unmarked });
        other.resource_changes.unshift(
          { address: "aws_vpc.Idle", type: "aws_vpc", change: idle(["no-op"]) },
          { address: "data.aws_vpc.Read", type: "aws_vpc", change: idle(["read"]) },
        );
        other.output_changes.Idle = idle(["no-op"]);
        expect(digest(other)).toBe(digest(one));
      }),
    );
  });

  test("when and with what it was planned, and what it was made from", () => {
    check(
      fc.property(plan, values, (one, any) => {
        const other = {
          ...one,
          ...{ timestamp: "2027-01-01T00:00:00Z", terraform_version: "1.12.0", format_version: "1.3" },
          ...{
            prior_state: any,
            configuration: any,
            resource_drift: [any],
            planned_values: any,
            checks: [any],
          },
        };
        expect(digest(other)).toBe(digest(one));
      }),
    );
  });

  test("what an update leaves as it is, as a group that its autoscaler has grown", () => {
    const grown = (desired: number) => ({
      format_version: "1.2",
      resource_changes: [
        {
          address: "aws_autoscaling_group.workers",
          type: "aws_autoscaling_group",
          change: {
            actions: ["update"],
            before: { desired: desired, scaling: [{ max: 6, desired }], members: Array(desired).fill("i") },
            after: { desired: desired, scaling: [{ max: 9, desired }], members: Array(desired).fill("i") },
            ...unmarked,
          },
        },
      ],
    });
    expect(digest(grown(5))).toBe(digest(grown(3)));
  });
});

describe("matters:", () => {
  /** Some place of some change is another one then. */
  const differs = (touch: (one: Plan, change: Change) => void) =>
    check(
      fc.property(plan, fc.nat(), fc.boolean(), (one, number, ofOutput) => {
        const other = copyOf(one);
        const outputs = Object.values(other.output_changes);
        const resources = other.resource_changes.map((resource) => resource.change);
        const from = ofOutput && outputs.length > 0 ? outputs : resources;
        touch(other, from[number % from.length]!);
        expect(digest(other)).not.toBe(digest(one));
      }),
    );

  test("every value before and after, wherever it is", () => {
    check(
      fc.property(plan, fc.nat(), fc.nat(), fc.boolean(), (one, number, at, before) => {
        const other = copyOf(one);
        const { change: touched } = other.resource_changes[number % other.resource_changes.length]!;
        const side = (before ? touched.before : touched.after) ?? touched.before ?? touched.after!;
        // In an update this makes a value that stayed one that does not.
        alter(side, at);
        expect(digest(other)).not.toBe(digest(one));
      }),
    );
  });

  test.each([["delete", "create"], ["create", "delete"], ["create"], ["delete"]])(
    "of what is made or destroyed every value, also one that stays (%s, %s)",
    (...actions) => {
      const group = (desired: number) => {
        const values = { id: "workers", desired };
        const [before, after] = [actions.includes("delete"), actions.includes("create")].map((is) =>
          is ? values : null,
        );
        const resource = { address: "aws_autoscaling_group.workers", change: { actions, before, after } };
        return { format_version: "1.2", resource_changes: [resource] };
      };
      expect(digest(group(5))).not.toBe(digest(group(3)));
    },
  );

  test("every digit of a number that JavaScript would round, wherever it is", () => {
    const places = ['{"n":?}', '{"list":[1,{"n":?}]}', '{"n":-?}', '{"n":1?.5}', '{"n":0.?}', '{"n":?0e1}'];
    const long = fc.bigInt({ min: 2n ** 53n, max: 2n ** 512n });
    check(
      fc.property(long, long, fc.constantFrom(...places), fc.boolean(), (one, near, place, isIndex) => {
        const digestOfNumber = (number: bigint) => {
          const value = place.replace("?", String(number));
          const [after, index] = isIndex ? ["{}", String(number)] : [value, "0"];
          return digest(
            parseExactly(
              `{"format_version":"1.2","resource_changes":[{"address":"a.b","index":${index},` +
                `"change":{"actions":["update"],"before":{"n":${one}},"after":${after}}}]}`,
            ),
          );
        };
        expect(digestOfNumber(one)).toBe(digestOfNumber(one));
        for (const other of [one + 1n, near === one ? one + 2n : near]) {
          expect(digestOfNumber(other)).not.toBe(digestOfNumber(one));
        }
      }),
    );
  });

  test("whether it is a number or a text of the same digits", () => {
    const update = (after: string) =>
      digest(
        parseExactly(
          `{"format_version":"1.2","resource_changes":[{"address":"a.b","change":{"actions":["create"],"after":{"n":${after}}}}]}`,
        ),
      );
    const forms = [
      "9007199254740993",
      '"9007199254740993"',
      '{"text":"9007199254740993"}',
      "9007199254740992",
    ];
    expect(new Set(forms.map(update)).size).toBe(forms.length);
  });

  test("that there is a value at all, and that a list or an object is empty", () => {
    differs((_, { before, after }) => ((after ?? before)!.Another = []));
    differs((_, { before, after }) => ((after ?? before)!.Another = {}));
    differs((_, { before, after }) => ((after ?? before)!.Another = null));
  });

  test("the actions, and their order", () => {
    differs((_, touched) => (touched.actions = touched.actions[0] === "create" ? ["delete"] : ["create"]));
    differs((_, touched) => (touched.actions = ["create", "delete"]));
  });

  test("the address, the type, and the object's identity", () => {
    check(
      fc.property(plan, (one) => {
        const [first, ...others] = one.resource_changes;
        for (const touched of [
          { ...first, address: "aws_vpc.Other" },
          { ...first, type: "aws_subnet" },
          { ...first, deposed: "0123abcd" },
          { ...first, previous_address: "aws_vpc.Former" },
        ]) {
          const other = { ...one, resource_changes: [touched, ...others] };
          expect(digest(other)).not.toBe(digest(one));
        }
      }),
    );
    const update = (id: string) => ({
      format_version: "1.2",
      resource_changes: [
        {
          address: "aws_vpc.main",
          change: { actions: ["update"], before: { id, cidr: "a" }, after: { id, cidr: "b" }, ...unmarked },
        },
      ],
    });
    expect(digest(update("vpc-1"))).not.toBe(digest(update("vpc-2")));
  });

  test("what is sensitive, what is not known yet, what forces a replacement, what is imported", () => {
    differs((_, touched) => (touched.before_sensitive = { Any: true }));
    differs((_, touched) => (touched.after_sensitive = { Any: true }));
    differs((_, touched) => (touched.after_unknown = { Any: [true] }));
    differs((_, touched) => (touched.replace_paths = [["Any"]]));
    differs((_, touched) => ((touched as unknown as { importing: object }).importing = { id: "vpc-1" }));
    differs((_, touched) => {
      touched.before_sensitive = { Any: true };
    });
    const marked = (marks: Partial<Change>) => ({
      format_version: "1.2",
      resource_changes: [
        { address: "a.b", change: { actions: ["update"], before: {}, after: {}, ...marks } },
      ],
    });
    expect(digest(marked({ before_sensitive: { a: true } }))).not.toBe(
      digest(marked({ after_sensitive: { a: true } })),
    );
  });

  test("a change more or less, of a resource or an output", () => {
    check(
      fc.property(plan, change, (one, more) => {
        const other = copyOf(one);
        other.resource_changes.push({ address: "aws_vpc.More", type: "aws_vpc", change: more });
        expect(digest(other)).not.toBe(digest(one));
        const output = copyOf(one);
        output.output_changes.More = more;
        expect(digest(output)).not.toBe(digest(one));
      }),
    );
  });

  test("a move and an import without a change, and parts of a plan that nobody knows yet", () => {
    const idle = { actions: ["no-op"], before: { id: "a" }, after: { id: "a" }, ...unmarked };
    const none = { format_version: "1.2", resource_changes: [{ address: "aws_vpc.main", change: idle }] };
    expect(isEmpty(normalise(none))).toBe(true);
    for (const some of [
      {
        ...none,
        resource_changes: [{ address: "aws_vpc.main", previous_address: "aws_vpc.a", change: idle }],
      },
      {
        ...none,
        resource_changes: [{ address: "aws_vpc.main", change: { ...idle, importing: { id: "vpc-1" } } }],
      },
      { ...none, action_invocations: [{ address: "action.aws_lambda_invoke.a" }] },
    ]) {
      expect(isEmpty(normalise(some))).toBe(false);
      expect(digest(some)).not.toBe(digest(none));
    }
  });

  test("the key: a digest that is shown says nothing of a value that can be guessed", () => {
    check(
      fc.property(plan, (one) => {
        expect(digestOf(normalise(one), newKey())).not.toBe(digest(one));
        expect(digest(one)).toMatch(/^sha256:[0-9a-f]{64}$/);
      }),
    );
  });
});

/** Makes one leaf of a value, and not the others, another one. */
function alter(value: { [key: string]: Json }, at: number): void {
  const places: (() => void)[] = [];
  const visit = (holder: { [key: string]: Json } | Json[], id: string | number) => {
    const inner = (holder as { [key: string]: Json })[id];
    if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0) {
      Object.keys(inner).forEach((next) => visit(inner, next));
    } else {
      places.push(() => ((holder as { [key: string]: Json })[id] = `${JSON.stringify(inner)} altered`));
    }
  };
  Object.keys(value).forEach((id) => visit(value, id));
  places[at % places.length]!();
}

test.each([
  ["nothing", undefined],
  ["a list", []],
  ["no plan", { resource_changes: [] }],
  ["a plan that Terraform could not finish", { format_version: "1.2", errored: true }],
  ["a change of nothing", { format_version: "1.2", resource_changes: [{ change: { actions: ["create"] } }] }],
])("%s is refused", (_, document) => {
  expect(() => normalise(document)).toThrow(expect.objectContaining({ kind: "invalid" }));
});
