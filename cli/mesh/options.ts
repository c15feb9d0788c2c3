import { InvalidArgumentError } from "commander";
import { loadEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";
import { findEnvironments } from "../../operations/environments/find";

/** Reads a whole number of an option. */
export const wholeNumber =
  (what: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is no ${what} from ${least} to ${most}.`);
    }
    return value;
  };

export const seconds = wholeNumber("number of seconds", 1, 86_400);

/** The environment that `--env` and `--directory` name. */
export function environmentOf({ env, directory }: { env: string; directory: string }): Environment {
  return loadEnvironment(findEnvironments(directory, env)[0]?.file ?? env);
}
