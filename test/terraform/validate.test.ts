import { readFileSync } from "node:fs";
import { join } from "node:path";
import { awsStacks } from "../../operations/synthesized";
import { scenarioEnvironment, scenarios } from "../support/scenario";
import { TerraformProject } from "../support/terraform-project";

jest.setTimeout(180_000);

// What is applied needs no validation beside, and a stack that several scenarios have is validated once.
const APPLIED = ["own-images"];
const valid = new Set<string>();

test.each(scenarios().filter((scenario) => !APPLIED.includes(scenario)))(
  "terraform finds every AWS stack of scenario %s valid",
  async (scenario) => {
    const environment = scenarioEnvironment(scenario);
    const project = await TerraformProject.create(environment);
    try {
      const stacks = awsStacks(project.stacks(environment.environment));
      expect(stacks.length).toBeGreaterThan(1);
      for (const { name, folder } of stacks) {
        const { "//": _, ...code } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as {
          "//": unknown;
        };
        const text = JSON.stringify(code);
        if (valid.has(text)) continue;
        valid.add(text);
        await project.run(folder, ["init", "-backend=false", "-input=false", "-no-color"]);
        const verdict = JSON.parse(await project.run(folder, ["validate", "-json"])) as {
          diagnostics: unknown[];
        };
        expect({ name, diagnostics: verdict.diagnostics }).toEqual({ name, diagnostics: [] });
      }
    } finally {
      await project.remove();
    }
  },
);
