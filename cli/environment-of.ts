import { loadEnvironment } from "../environment/load";
import type { Environment } from "../environment/schema";
import { findEnvironments } from "../operations/environments/find";

interface Named {
  readonly env: string;
  readonly directory: string;
}

/** The file of the environment that `--env` and `--directory` name. */
export const fileOf = ({ env, directory }: Named): string => findEnvironments(directory, env)[0]?.file ?? env;

/** That environment. */
export const environmentOf = (named: Named): Environment => loadEnvironment(fileOf(named));
