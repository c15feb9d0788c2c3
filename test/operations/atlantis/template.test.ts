import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonical } from "../../../operations/atlantis/code-check/document";
import { checkCode } from "../../../operations/atlantis/code-check/check";
import type { Trust } from "../../../operations/atlantis/trust";
import { isolated } from "../../../operations/isolated";
import { findTerraform } from "../../../operations/local/terraform";

const CANARY = "canary-of-a-file";

// How the reading of templates compares with Terraform's own: what reads a file there is never taken for text here.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skyline-template-"));
  writeFileSync(join(folder, "f"), CANARY);
});
afterAll(() => rmSync(folder, { recursive: true }));

const reads: readonly unknown[] = [
  '${file("f")}',
  '${file ("f")}',
  '${\nfile\n(\n"f"\n)\n}',
  '${core::file("f")}',
  '${core :: file("f")}',
  '${~ file("f") ~}',
  '${trimspace(lower(file("f")))}',
  '${"a ${"b ${file("f")}"}"}',
  '$${a} ${file("f")}',
  '$$${file("f")}',
  '$%{ if true }${file("f")}%{ endif }',
  '%${file("f")}',
  '\\${file("f")}',
  '"${file("f")}',
  '${"\\"" == "" ? "" : file("f")}',
  '${{ a = { b = file("f") } }.a.b}',
  '%{ if file("f") != "" }canary-of-a-file%{ endif }',
  '%{ for x in [file("f")] }${x}%{ endfor }',
  '${1 /* } */ == 1 ? file("f") : ""}',
  '${true # }\n ? file("f") : ""}',
  '${<<A\n${file("f")}\nA\n}',
  '${join("", [for x in ["f"] : file(x) if (x != "")])}',
  '${templatefile("f", {})}',
  "${templatestring(local.template, {})}",
  { '${file("f")}': "a key" },
  [{ deep: ['${file("f")}'] }],
];

const text: readonly unknown[] = [
  'file("f")',
  '$${file("f")}',
  '%%{ if file("f") }',
  '$ {file("f")}',
  '${upper("file(f)")}',
  '${upper("$${file(f)} \\" file(f)")}',
  'a heredoc\n<<A\nfile("f")\nA\n',
];

const trust: Trust = {
  schemaVersion: 1,
  repository: "github.com/example/platform",
  store: "https://artefacts.example.internal/skyline",
  providers: {},
  dataSources: [],
  environments: {
    development: {
      account: "111111111111",
      region: "us-east-1",
      deployer: "arn:aws:iam::111111111111:role/atlantis",
      backend: { bucket: "example-tfstate", region: "us-east-1" },
    },
  },
};

const isRefused = (value: unknown) =>
  checkCode("development-network", canonical({ output: { it: { value } } }), trust).some(
    ({ rule }) => rule === "expressions",
  );

test("what Terraform itself evaluates is refused, and what it leaves as text is not", async () => {
  const { binary } = await findTerraform();
  const values = [...reads, ...text];
  const output = Object.fromEntries(values.map((value, index) => [`o${index}`, { value }]));
  const code = { locals: { template: '$${upper("canary-of-a-file")}' }, output };
  writeFileSync(join(folder, "cdk.tf.json"), canonical(code));
  const run = (...args: string[]) =>
    execFileSync(binary, args, { cwd: folder, env: isolated({ TF_IN_AUTOMATION: "1" }), encoding: "utf8" });
  run("plan", "-input=false", "-out=plan");
  const { planned_values } = JSON.parse(run("show", "-json", "plan")) as {
    planned_values: { outputs: Record<string, { value: unknown }> };
  };
  const evaluated = values.map((_, index) =>
    JSON.stringify(planned_values.outputs[`o${index}`]?.value).toLowerCase().includes(CANARY),
  );
  // "$$${" is one of which it is not known: it is refused whatever Terraform makes of it.
  const known = values.map((value, index) => (value === '$$${file("f")}' ? true : evaluated[index]));
  expect(known).toEqual(values.map((_, index) => index < reads.length));
  expect(values.map(isRefused)).toEqual(known);
}, 120_000);
