import { isAbsolute } from "node:path";
import { OperationFailure } from "../../failure";
import { STACK_NAME } from "../stack-name";

/** What Atlantis asks of a plan or an apply step. */
export interface StepRequest {
  /** Stack, which is also the name of Atlantis' project. */
  readonly stack: string;
  /** Head of the pull request. */
  readonly commit: string;
  /** Where Atlantis looks for the plan. */
  readonly planFile: string;
}

/**
 * Reads it from the variables that Atlantis gives its run steps.
 *
 * @throws OperationFailure invalid, when it was not Atlantis who started this; refused, for arguments of a comment
 */
export function requestOf(env: NodeJS.ProcessEnv): StepRequest {
  const stack = variable(env, "PROJECT_NAME", STACK_NAME, "a stack's name");
  const commit = variable(env, "HEAD_COMMIT", /^[0-9a-f]{40}([0-9a-f]{24})?$/, "a commit");
  const planFile = variable(env, "PLANFILE", /\.tfplan$/, "a plan file");
  if (!isAbsolute(planFile)) {
    throw new OperationFailure(
      "invalid",
      `PLANFILE is ${JSON.stringify(planFile)}, which is no absolute path`,
    );
  }
  if (env.WORKSPACE !== "default") {
    throw new OperationFailure("refused", "stacks have one workspace, default", "leave out -w");
  }
  if (env.COMMENT_ARGS !== undefined && env.COMMENT_ARGS !== "") {
    throw new OperationFailure(
      "refused",
      "arguments of a comment do not reach Terraform: with -target or -var its plan is not the one of the code",
      `comment without what comes after --: atlantis plan -p ${stack}`,
    );
  }
  return { stack, commit, planFile };
}

function variable(env: NodeJS.ProcessEnv, name: string, pattern: RegExp, noun: string): string {
  const value = env[name];
  if (value === undefined || !pattern.test(value)) {
    throw new OperationFailure(
      "invalid",
      value === undefined
        ? `${name} is not set`
        : `${name} is ${JSON.stringify(value)}, which is not ${noun}`,
      "this is a step of Atlantis' workflow, which sets it: see docs/commands/atlantis.md",
    );
  }
  return value;
}
