import type { Command } from "commander";
import type { StepFacts } from "../../operations/atlantis/run/judged-plan";
import { requestOf, type StepRequest } from "../../operations/atlantis/run/request";
import { environmentOf } from "../../operations/atlantis/code-check/environment";
import { liveDial } from "../../operations/atlantis/run/live-dial";
import type { Server } from "../../operations/atlantis/run/stack-run";
import { readTrust, type Trust } from "../../operations/atlantis/trust";
import { readWeights } from "../../operations/review/weights";
import type { Session } from "../session";

export interface StepCommandOptions {
  readonly trust: string;
  readonly dial?: string;
  readonly live?: true;
}

/** Options that the two steps of Atlantis' workflow have in common. */
export const stepOptions = (command: Command): Command =>
  command
    .requiredOption("--trust <file>", "what the server trusts: its own copy of atlantis/trust.yaml")
    .option("--dial <file>", 'weights of the dials, as { "development": { "alpha": 100 } }')
    .option("--live", "ask Consul for the weights");

/** Runs a step of Atlantis' workflow with what its variables ask for. */
export function runStep<T>(
  { trust: file, dial, live }: StepCommandOptions,
  session: Session,
  step: (request: StepRequest, options: Server & StepFacts) => Promise<T>,
): Promise<T> {
  const request = requestOf(process.env);
  const trust = readTrust(file);
  return session.interruptible(async (signal) => {
    const weights =
      dial !== undefined
        ? readWeights(dial)
        : live === true
          ? await liveDialOf(request.stack, trust, signal)
          : undefined;
    return step(request, { trust, weights, env: process.env, signal });
  }, "Terraform ends what it has begun, and takes its lock back …");
}

/** Of the environment that the trust file says the stack is of; the step itself refuses one of none. */
async function liveDialOf(stack: string, trust: Trust, signal: AbortSignal) {
  const of = environmentOf(stack, trust);
  return of === undefined ? undefined : await liveDial(of.environment, signal);
}
