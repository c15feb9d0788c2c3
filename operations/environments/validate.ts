import { InvalidEnvironmentError } from "../../environment/invalid";
import { loadEnvironment } from "../../environment/load";
import type { Problem } from "../../environment/problem";
import type { Environment } from "../../environment/schema";
import type { EnvironmentFile } from "./find";

/** An environment file, read: `environment` is there when `problems` is empty. */
export interface ValidatedEnvironment extends EnvironmentFile {
  readonly environment?: Environment;
  readonly problems: readonly Problem[];
}

export const validateEnvironments = (files: readonly EnvironmentFile[]): ValidatedEnvironment[] =>
  files.map(validate);

function validate(file: EnvironmentFile): ValidatedEnvironment {
  try {
    return { ...file, environment: loadEnvironment(file.file), problems: [] };
  } catch (error) {
    if (!(error instanceof InvalidEnvironmentError)) {
      throw error;
    }
    return { ...file, problems: error.problems };
  }
}
