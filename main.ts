import { App } from "cdktf";
import { skipCreationStacks } from "./creation-stacks";
import { InvalidEnvironmentError } from "./environment/invalid";
import { environmentFile, listEnvironments } from "./environment/folder";
import { loadEnvironment } from "./environment/load";
import { PolicyError } from "./environment/policy/exemptions";
import { addEnvironment } from "./stacks/environment-stacks";

// The app: each file of environments/ becomes stacks. SKYLINE_ENVIRONMENTS names another folder.
const folder = process.env.SKYLINE_ENVIRONMENTS ?? "environments";

skipCreationStacks();
try {
  const app = new App();
  for (const name of listEnvironments(folder)) {
    addEnvironment(app, loadEnvironment(environmentFile(folder, name)));
  }
  app.synth();
} catch (error) {
  if (!(error instanceof InvalidEnvironmentError || error instanceof PolicyError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 2;
}
