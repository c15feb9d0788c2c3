import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { OperationFailure } from "../failure";
import { readPlan } from "./plan";
import type { ReviewInput } from "./review";
import { identityOf } from "./stack";

/** Where a stack's plan is. */
export interface PlanSource {
  readonly stack: string;
  /** `-` is stdin. */
  readonly file: string;
}

const NAMING = "call the file <stack>.json, or give it as --stack <stack>=<file>";

/**
 * A plan's stack by the name of its file: `development-network.json`, `development-network.plan.json`.
 *
 * @throws OperationFailure invalid, when the name says none
 */
export function sourceOf(file: string): PlanSource {
  const stack = basename(file).replace(/(\.tfplan|\.plan)?\.json$/, "");
  if (file === "-") {
    throw new OperationFailure("invalid", "a plan on stdin has no name", "give it as --stack <stack>=-");
  }
  try {
    return { stack: identityOf(stack).stack, file };
  } catch (error) {
    throw new OperationFailure("invalid", `${file}: ${(error as Error).message}`, NAMING);
  }
}

/**
 * Reads a stack's plan and, from a folder of synthesized stacks, its code.
 *
 * @param folder `cdktf.out`; without it the plan alone is judged
 * @throws OperationFailure invalid, when one of them cannot be read
 */
export function readInput({ stack, file }: PlanSource, folder?: string): ReviewInput {
  // Before a path is made of the name.
  identityOf(stack);
  const plan = readPlan(textOf(file), file === "-" ? stack : file);
  return folder === undefined ? { stack, plan } : { stack, plan, code: codeOf(stack, folder) };
}

/**
 * A stack that cannot be planned yet, with its code where a folder of synthesized stacks has it.
 *
 * @param folder `cdktf.out`
 * @throws OperationFailure invalid, when the code cannot be read
 */
export function waitingInput(stack: string, waitsFor: string, folder?: string): ReviewInput {
  // Before a path is made of the name.
  identityOf(stack);
  const input = { stack, plan: null, waitsFor };
  return folder === undefined || !existsSync(codeFile(stack, folder))
    ? input
    : { ...input, code: codeOf(stack, folder) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw unreadable(file === "-" ? "stdin" : file, error, "it is to be what `terraform show -json` prints");
  }
}

const codeFile = (stack: string, folder: string) => join(folder, "stacks", stack, "cdk.tf.json");

function codeOf(stack: string, folder: string): unknown {
  const file = codeFile(stack, folder);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw unreadable(file, error, "synthesize the stacks, or leave out --stacks");
  }
}

const unreadable = (file: string, error: unknown, hint: string) =>
  new OperationFailure("invalid", `${file} cannot be read: ${(error as Error).message}`, hint);
