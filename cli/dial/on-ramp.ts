import type { Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { readRamp, type RampRecord } from "../../operations/dial/ramp/record";
import type { RampContext } from "../../operations/dial/ramp/request";
import { caller } from "../caller";
import { confirmProduction } from "../confirm";
import { elapsed } from "../mesh/progress";
import { environmentOf } from "../environment-of";
import type { Result } from "../output";
import type { Session } from "../session";
import { directoryOption, environmentOption, words } from "./options";

/** Of every command for a ramp that is on. */
export interface OnRampOptions {
  readonly env: string;
  readonly directory: string;
  readonly why?: string;
  readonly by?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly input: boolean;
}

export const rampOptions = (command: Command): Command =>
  command
    .requiredOption(...environmentOption)
    .option("--why <text>", "reason, for the record", words("--why"))
    .option("--by <who>", "who does it (default: your user name and host)", words("--by"))
    .option("--dry-run", "write nothing, and say what would be done")
    .option("--yes", "do not ask, in production either")
    .option("--no-input", "ask nothing")
    .option(...directoryOption);

/** What a command does to a ramp is asked with. */
export interface OnRamp extends RampContext {
  readonly why?: string;
  readonly dryRun: boolean;
}

/** Does something to the ramp that is on; in production it asks before, when there is one. */
export function onRamp(
  options: OnRampOptions,
  session: Session,
  deed: (ramp: RampRecord) => string,
  work: (context: OnRamp) => Promise<Result>,
  farewell?: string,
): Promise<Result> {
  const environment = environmentOf(options);
  const name = environment.environment;
  const { why, by = caller(), dryRun = false, yes = false, input } = options;
  return session.interruptible(async (signal) => {
    const consul = new Consul({ datacenter: name, signal });
    const { record } = await readRamp(consul, name);
    if (!dryRun && record !== undefined) {
      await confirmProduction({ environment: name, deed: deed(record), yes, input, signal });
    }
    return work({ environment, consul, by, why, dryRun, signal, report: elapsed(session) });
  }, farewell);
}
