import { InvalidEnvironmentError } from "./invalid";
import { problemsOf, type Problem } from "./problem";
import { checkRules } from "./rules";
import { environmentSchema, type Environment, type EnvironmentInput } from "./schema";

/** Everything that is wrong with a value, or the environment that it describes. */
export type Checked =
  | { readonly environment: Environment; readonly problems?: undefined }
  | { readonly environment?: undefined; readonly problems: readonly Problem[] };

/** Checks any value against the schema and the rules; all problems at once. */
export function checkEnvironment(value: unknown): Checked {
  const parsed = environmentSchema.safeParse(value);
  const problems = [...(parsed.success ? [] : problemsOf(parsed.error.issues, value)), ...checkRules(value)];
  return parsed.success && problems.length === 0 ? { environment: parsed.data } : { problems };
}

/**
 * An environment written in TypeScript, with the checks and defaults of an environment file.
 *
 * @throws InvalidEnvironmentError with every problem, a line each
 */
export function defineEnvironment(input: EnvironmentInput): Environment {
  const checked = checkEnvironment(input);
  if (checked.environment) {
    return checked.environment;
  }
  throw new InvalidEnvironmentError(checked.problems);
}
