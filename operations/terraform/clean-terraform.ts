import { findTerraform } from "../local/terraform";
import { cleanEnvironment } from "./environment";

/**
 * The Terraform of this machine (or the one that TERRAFORM_BINARY_NAME names), and all of the environment that it gets.
 *
 * @param profile of the AWS configuration, in the place of the credentials that the environment has itself
 * @throws OperationFailure missing, when there is none
 */
export async function cleanTerraform(
  environment: NodeJS.ProcessEnv,
  profile?: string,
): Promise<{ readonly binary: string; readonly env: NodeJS.ProcessEnv }> {
  const env = cleanEnvironment(environment, profile);
  const { TERRAFORM_BINARY_NAME } = environment;
  const { binary } = await findTerraform({ ...env, TERRAFORM_BINARY_NAME });
  return { binary, env };
}
