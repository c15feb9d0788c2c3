import { realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { OperationFailure } from "../../failure";
import { STACK_NAME, stackFolder } from "../stack-name";

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
 * @throws OperationFailure invalid, when it was not Atlantis who started this; refused, for arguments of a comment, and
 *   for a project of another folder than its stack's
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
  checkFolder(stack, variable(env, "REPO_REL_DIR", /./, "a folder"), planFile);
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

/**
 * Atlantis knows projects by names that a pull request writes into atlantis.yaml: bound to its folder, a name cannot put
 * a stack's plan where another one's is looked for.
 */
function checkFolder(stack: string, folder: string, planFile: string): void {
  const own = stackFolder(stack);
  if (folder !== own) {
    throw unbound(`the project ${stack} is in ${JSON.stringify(folder)}, and not in ${own}`);
  }
  const there = dirname(planFile);
  const ending = `/${own}`;
  if (!there.endsWith(ending)) {
    throw unbound(`PLANFILE is in ${JSON.stringify(there)}, and not in ${own}`);
  }
  // Where the clone is, is the server's to say, by a link or not.
  const root = realPath(there.slice(0, -ending.length) || "/");
  if (root === undefined || realPath(there) !== join(root, own)) {
    throw unbound(`${own} of the clone is a link, has one on the way, or is not there`);
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

const unbound = (message: string) =>
  new OperationFailure(
    "refused",
    message,
    "have atlantis.yaml generated (skyline atlantis generate), and nothing tracked in cdktf.out",
  );

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
