import { InvalidArgumentError, type Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { checkWords } from "../../operations/mesh/removal/removal";
import type { ChangeRequest, ChangeResult, Planned } from "../../operations/dial/request";
import { showWeights } from "../../operations/dial/weights";
import { caller } from "../caller";
import { confirmProduction } from "../confirm";
import { environmentOf } from "../environment-of";
import { seconds, wholeNumber } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";
import { told } from "./told";

/** Of every command that changes the dial. */
export interface ChangeOptions {
  readonly env: string;
  readonly directory: string;
  readonly why?: string;
  readonly by?: string;
  readonly generation?: number;
  readonly dryRun?: true;
  readonly timeout: number;
  readonly wait: boolean;
  readonly yes?: true;
  readonly input: boolean;
}

export const environmentOption = ["--env <environment>", "environment"] as const;
export const directoryOption = [
  "--directory <path>",
  "folder of the environment files",
  "environments",
] as const;

/** The options of every change, behind those of the command itself. */
export function changeOptions(command: Command): Command {
  return command
    .requiredOption(...environmentOption)
    .option("--by <who>", "who changes it (default: your user name and host)")
    .option(
      "--generation <number>",
      "only while the dial has this generation",
      wholeNumber("generation", 0, Number.MAX_SAFE_INTEGER),
    )
    .option("--dry-run", "write nothing, and print what would change")
    .option("--timeout <seconds>", "how long to wait until all gateways serve it", seconds, 60)
    .option("--no-wait", "do not wait for the gateways")
    .option("--yes", "do not ask, in production either")
    .option("--no-input", "ask nothing")
    .option(...directoryOption);
}

/** Reads `--why` and `--by`, which the audit log keeps: one line each. */
export function words(option: string): (text: string) => string {
  return (text) => {
    checkWords(option, text);
    return text;
  };
}

/** Reads the weights of `alpha=75 bravo=25`, one after another. */
export function weight(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [, cluster = "", points = ""] = /^([a-z][-a-z0-9]*)=(\d{1,3})$/.exec(text) ?? [];
  if (cluster === "") {
    throw new InvalidArgumentError("It is to be a cluster and its points, like bravo=25.");
  }
  if (Object.hasOwn(before, cluster)) {
    throw new InvalidArgumentError(`${cluster} is named twice.`);
  }
  return { ...before, [cluster]: Number(points) };
}

/** Runs a change of the dial as every command does: it asks in production, tells its steps, and prints what became of it. */
export async function runChange(
  options: ChangeOptions,
  session: Session,
  change: (request: ChangeRequest) => Promise<ChangeResult>,
): Promise<Result> {
  const environment = environmentOf(options);
  const name = environment.environment;
  const { by = caller(), generation, dryRun = false, wait, timeout, yes = false, input } = options;
  checkWords("--by", by);
  const data = await session.interruptible((signal) =>
    change({
      ...{ environment, by, generation, dryRun, signal },
      consul: new Consul({ datacenter: name, signal }),
      waitMs: wait ? timeout * 1000 : undefined,
      report: (line) => session.talk(line),
      confirm: (planned) =>
        confirmProduction({ environment: name, deed: deedOf(planned), yes, input, signal }),
    }),
  );
  return told(data);
}

function deedOf({ action, before, after, ends }: Planned): string {
  const from = before === null ? "what nobody can tell" : showWeights(before.weights);
  const ended = ends.length === 0 ? "" : ` (this ends ${ends.join(" and ")})`;
  return `dial ${action}: from ${from} to ${showWeights(after)}${ended},`;
}
