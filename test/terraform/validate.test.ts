import { awsStacks } from "../../operations/synthesized";
import { scenarioEnvironment, scenarios } from "../support/scenario";
import { TerraformProject } from "../support/terraform-project";

jest.setTimeout(180_000);

test.each(scenarios())("terraform finds every AWS stack of scenario %s valid", async (scenario) => {
  const environment = scenarioEnvironment(scenario);
  const project = await TerraformProject.create(environment);
  try {
    const stacks = awsStacks(project.stacks(environment.environment));
    expect(stacks.length).toBeGreaterThan(1);
    for (const { name, folder } of stacks) {
      await project.run(folder, ["init", "-backend=false", "-input=false", "-no-color"]);
      const verdict = JSON.parse(await project.run(folder, ["validate", "-json"])) as {
        diagnostics: unknown[];
      };
      expect({ name, diagnostics: verdict.diagnostics }).toEqual({ name, diagnostics: [] });
    }
  } finally {
    await project.remove();
  }
});
