import { STACK_NAME } from "../stack-name";
import { trustedEnvironment, type Trust, type TrustedEnvironment } from "../trust";

/**
 * The environment that a stack is of: the longest in the trust file that its name begins with.
 *
 * @param stack of anybody's choice
 * @returns undefined when it is of none
 */
export function environmentOf(
  stack: string,
  trust: Trust,
): { readonly environment: string; readonly trusted: TrustedEnvironment } | undefined {
  if (!STACK_NAME.test(stack)) {
    return undefined;
  }
  const [environment] = Object.keys(trust.environments)
    .filter((name) => stack.startsWith(`${name}-`))
    .sort((one, other) => other.length - one.length);
  return environment === undefined
    ? undefined
    : { environment, trusted: trustedEnvironment(trust, environment) };
}
