import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlannedFolder } from "../../operations/drift/stack-plans";
import { Reader } from "../../operations/drift/reading";
import { lookAtStacks } from "../../operations/drift/stacks";
import { withTerraform } from "../../operations/drift/terraform";
import { TerraformProject } from "../support/terraform-project";

jest.setTimeout(300_000);

const SECRET = "seeded-secret-of-the-test";
const NAME = "development-network";

let project: TerraformProject;
let folder: string;

beforeAll(async () => {
  project = await TerraformProject.create();
  folder = join(project.output, "stacks", NAME);
  mkdirSync(folder, { recursive: true });
  write({ input: "before" });
  await project.apply(folder, {});
});

afterAll(() => project?.remove());

/** A stack with its state in a file beside the project, by Terraform's own provider: nothing has to be fetched. */
function write(resource: object, password = SECRET): void {
  const code = {
    terraform: { backend: { local: { path: `../../../terraform.${NAME}.tfstate` } } },
    variable: { password: { type: "string", sensitive: true, default: password } },
    resource: { terraform_data: { one: resource, two: { input: "${var.password}" } } },
  };
  writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(code));
}

const stack = () => ({ ...{ name: NAME, folder }, dependencies: [], providers: [], resources: 2 });

/** Its two plans. */
const plans = () =>
  withTerraform(new AbortController().signal, async (terraform) =>
    (await PlannedFolder.of(terraform, stack())).plans(),
  );

/** The same as the report has it. */
async function look() {
  const never = new AbortController().signal;
  const states = { summaries: null, whereOf: (name: string) => name, notes: [], unknown: [] };
  const { stacks, unknown } = await withTerraform(never, (terraform) =>
    lookAtStacks({
      ...{ stacks: [stack()], states, platforms: true, terraform },
      ...{ reader: new Reader(never, never), report: () => undefined },
    }),
  );
  return { value: stacks[0], unknown };
}

/** Files of the project, but for Terraform's own of the apply above. */
const files = () => readdirSync(project.root, { recursive: true }).sort();

test("given a state in a file, then it is found from a folder elsewhere, and nothing is written beside it", async () => {
  write({ input: "after" });
  const before = files();
  const state = readFileSync(join(project.root, `terraform.${NAME}.tfstate`), "utf8");
  const made = await plans();
  expect(made).toMatchObject({
    unapplied: {
      changes: [
        {
          ...{ address: "terraform_data.one", action: "update" },
          attributes: expect.arrayContaining([
            {
              path: "input",
              before: { kind: "value", json: '"before"' },
              after: { kind: "value", json: '"after"' },
            },
          ]),
        },
      ],
    },
    refreshed: { drift: [] },
    resources: [{ type: "terraform_data" }, { type: "terraform_data" }],
  });
  expect(files()).toEqual(before);
  expect(readFileSync(join(project.root, `terraform.${NAME}.tfstate`), "utf8")).toBe(state);
});

test("given a secret that a provider repeats where nothing marks it, then it is told as sensitive there, too", async () => {
  write({ input: "before" }, "another-secret-of-the-test");
  const { value, unknown } = await look();
  expect(unknown).toEqual([]);
  expect(value?.notApplied).toMatchObject([
    {
      address: "terraform_data.two",
      attributes: expect.arrayContaining([
        { path: "input", before: { kind: "sensitive" }, after: { kind: "sensitive" } },
        { path: "output", before: { kind: "sensitive" }, after: { kind: "unknown" } },
      ]),
    },
  ]);
  expect(JSON.stringify(value)).not.toContain("secret-of-the-test");
});

test("given a plan that fails with a secret in its words, then they are told without it", async () => {
  const precondition = [{ condition: '${var.password == "x"}', error_message: `it is no ${SECRET}` }];
  write({ input: "x", lifecycle: { precondition } });
  const failed = await plans().catch((error: Error) => error.message);
  expect(failed).toContain("it is no (sensitive value)");
  expect(failed).not.toContain(SECRET);
});

test("given code that is none, then it is refused", async () => {
  writeFileSync(join(folder, "cdk.tf.json"), "{");
  await expect(plans()).rejects.toMatchObject({ kind: "invalid" });
});
