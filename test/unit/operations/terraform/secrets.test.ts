import { errorsOf, terraformFailure } from "../../../../operations/terraform/diagnostics";
import { masked, secretsOf, secretsOfCode } from "../../../../operations/terraform/secrets";

const plan = {
  resource_changes: [
    {
      change: {
        before: { password: "before-secret", name: "db", keys: [{ value: "in-a-list-secret" }] },
        before_sensitive: { password: true, keys: [{ value: true }] },
        after: { password: "after-secret", name: "db", keys: [] },
        after_sensitive: { password: true, keys: true },
      },
    },
  ],
  output_changes: { token: { before: null, after: "output-secret", after_sensitive: true } },
  prior_state: {
    values: {
      outputs: { pin: { sensitive: true, value: 483920 } },
      root_module: {
        child_modules: [
          {
            resources: [
              { values: { file: "line one of it\nline two of it" }, sensitive_values: { file: true } },
              // A mask that does not fit its value hides all of it.
              { values: { list: "no-list-secret" }, sensitive_values: { list: [true] } },
            ],
          },
        ],
      },
    },
  },
};

test("what a plan or its state marks is found wherever it is, and nothing else", () => {
  const secrets = secretsOf(plan);
  for (const secret of [
    ...["before-secret", "after-secret", "in-a-list-secret", "output-secret", "483920", "no-list-secret"],
    ...["line one of it", "line two of it"],
  ]) {
    expect(secrets).toContain(secret);
  }
  expect(secrets).not.toContain("db");
});

test("defaults of sensitive variables are found in code, in objects as in lists", () => {
  const variable = {
    token: { sensitive: true, default: { inner: ["token-secret"] } },
    size: { default: "public-value" },
    other: [{ sensitive: true, default: "list-secret" }],
  };
  expect([...secretsOfCode({ variable })]).toEqual(["token-secret", "list-secret"]);
  expect([...secretsOfCode("no code")]).toEqual([]);
});

test("the longest secret goes first, so that none leaves a part behind", () => {
  const mask = masked(new Set(["secret-one"]), new Set(["secret-one-and-more"]));
  expect(mask("a secret-one-and-more b secret-one.")).toBe("a (sensitive value) b (sensitive value).");
});

test("a secret with characters that mean something in a pattern is text", () => {
  expect(masked(new Set(["a.b*c$d+e(f"]))("x a.b*c$d+e(f y axbbbc$d+e(f")).toBe(
    "x (sensitive value) y axbbbc$d+e(f",
  );
});

test("a short one is hidden where it stands alone, and names that end in it stay names", () => {
  const mask = masked(new Set(["alpha"]));
  expect(mask('development-alpha has "alpha", alpha. alpha.example.com')).toBe(
    'development-alpha has "(sensitive value)", (sensitive value). alpha.example.com',
  );
});

describe("an error of Terraform", () => {
  const line = (diagnostic: object) => JSON.stringify({ "@level": "error", type: "diagnostic", diagnostic });
  const end = (...lines: string[]) => ({ code: 1, stdout: lines.join("\n"), stderr: "" });

  test("is told by its texts and its address, without code, values, and what is secret", () => {
    const stdout = line({
      severity: "error",
      summary: "creating DB",
      detail: 'the password "before-secret" is weak;\n"line two of it" \u202etoo',
      address: "aws_db_instance.main",
      snippet: {
        code: "password = code-secret",
        values: [{ traversal: "var.p", statement: "is value-secret" }],
      },
    });
    const failure = terraformFailure(
      "terraform plan of a",
      end("", "no JSON", stdout),
      masked(secretsOf(plan)),
    );
    expect(failure.kind).toBe("verification");
    expect(failure.message).toBe(
      [
        "terraform plan of a ended with 1:",
        "aws_db_instance.main: creating DB",
        '  the password "(sensitive value)" is weak;',
        '  "(sensitive value)" \\u{202e}too',
      ].join("\n"),
    );
  });

  test("of a lock that somebody holds is a conflict; warnings are no errors", () => {
    const lock = line({ severity: "error", summary: "Error acquiring the state lock", detail: "" });
    const warning = line({ severity: "warning", summary: "old", detail: "" });
    expect(errorsOf([warning, lock].join("\n"))).toHaveLength(1);
    const stale = line({ severity: "error", summary: "Saved plan is stale" });
    expect(terraformFailure("terraform apply of a", end(stale), String)).toMatchObject({ kind: "conflict" });
    expect(terraformFailure("terraform plan of a", end(warning, lock), String)).toMatchObject({
      kind: "conflict",
    });
  });

  test("of a Terraform that prints no JSON is the end of what it printed", () => {
    const failure = terraformFailure(
      "terraform init of a",
      { code: 1, stdout: "", stderr: "bad rc file\n" },
      String,
    );
    expect(failure.message).toBe("terraform init of a ended with 1:\nbad rc file");
  });

  test("hundreds of them are not told", () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      line({ severity: "error", summary: `error ${index}` }),
    );
    const { message } = terraformFailure("terraform plan of a", end(...many), String);
    expect(message.split("\n")).toHaveLength(22);
    expect(message).toContain("and 280 more errors");
  });
});
