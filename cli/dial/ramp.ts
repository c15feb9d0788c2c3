import { InvalidArgumentError, type Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { difference } from "../../operations/dial/difference";
import { DEFAULT_GATE } from "../../operations/dial/gate";
import { planRamp, type RampPlan } from "../../operations/dial/ramp/preflight";
import { ramp } from "../../operations/dial/ramp/ramp";
import type { RampRequest } from "../../operations/dial/ramp/request";
import { showWeights } from "../../operations/dial/weights";
import { checkWords } from "../../operations/mesh/removal/removal";
import { caller } from "../caller";
import { confirmProduction } from "../confirm";
import { examples } from "../examples";
import { elapsed } from "../mesh/progress";
import { environmentOf } from "../environment-of";
import { duration, wholeNumber } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { directoryOption, environmentOption, words } from "./options";
import { FAREWELL, rampText } from "./ramp-text";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly to: string;
  readonly steps: readonly number[];
  /** Seconds. */
  readonly hold: number;
  readonly follow: number;
  readonly timeout: number;
  readonly maxErrorIncrease: number;
  readonly maxP99Ratio: number;
  readonly minRequests: number;
  readonly why: string;
  readonly by?: string;
  readonly override?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly input: boolean;
}

/** `skyline dial ramp`: traffic moves step by step, and comes back when the target is worse than the source. */
export function addRamp(dial: Command, session: Session): void {
  examples(
    dial
      .command("ramp")
      .description("move traffic to a cluster step by step, measure each, and put it back when one fails")
      .requiredOption(...environmentOption)
      .requiredOption("--to <cluster>", "who gets more")
      .option("--steps <shares>", "its share after each step, in percent", shares, [1, 5, 25, 50, 100])
      .option("--hold <time>", "how long each step is measured", time, 300)
      .option("--follow <time>", "how long gateways may take to serve a step", time, 60)
      .requiredOption("--why <text>", "reason, for the audit log", words("--why"))
      .option(
        "--max-error-increase <points>",
        "how many points more of its requests may fail than at the source",
        decimal("number of points", 0, 100),
        DEFAULT_GATE.maxErrorIncrease,
      )
      .option(
        "--max-p99-ratio <times>",
        "how many times the source's p99 its own may be; 20 ms more are always allowed",
        decimal("ratio", 1, 1000),
        DEFAULT_GATE.maxP99Ratio,
      )
      .option(
        "--min-requests <count>",
        "requests without which there is no answer",
        wholeNumber("number of requests", 1, 1_000_000),
        DEFAULT_GATE.minRequests,
      )
      .option("--timeout <time>", "end when a step has no answer for so long", time, 3600)
      .option("--by <who>", "who changes it (default: your user name and host)", words("--by"))
      .option(
        "--override <reason>",
        "pass mesh.dial.maxStep and minHold, for this reason",
        words("--override"),
      )
      .option("--dry-run", "write nothing, and print the steps")
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option(...directoryOption)
      .action(session.action((options: Options) => start(options, session))),
    'skyline dial ramp --to bravo --env development --why "bravo takes over"',
    'skyline dial ramp --to bravo --steps 1,10,50,100 --hold 15m --env development --why "bravo takes over"',
    'skyline dial ramp --to bravo --env development --why "bravo takes over" --dry-run',
  );
}

const time = duration(1, 86_400, "90s, 5m or 2h, from 1s to 24h");

/** Reads `1,5,25,50,100`. */
function shares(text: string): readonly number[] {
  const steps = text.split(",").map((share) => (/^\d{1,3}$/.test(share) ? Number(share) : Number.NaN));
  if (steps.some((share, at) => !(share > (steps[at - 1] ?? 0) && share <= 100))) {
    throw new InvalidArgumentError("It is to be like 1,5,25,50,100: rising, from 1 to 100.");
  }
  return steps;
}

const decimal = (what: string, least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d{1,4}(\.\d{1,4})?$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(`It is no ${what} from ${least} to ${most}.`);
  }
  return value;
};

async function start(options: Options, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const name = environment.environment;
  const {
    to,
    steps,
    hold,
    timeout,
    why,
    by = caller(),
    override,
    dryRun = false,
    yes = false,
    input,
  } = options;
  checkWords("--by", by);
  const { maxErrorIncrease, maxP99Ratio, minRequests } = options;
  return session.interruptible(async (signal) => {
    const request: RampRequest = {
      ...{ environment, to, steps, by, why, override, signal },
      consul: new Consul({ datacenter: name, signal }),
      followSeconds: options.follow,
      holdSeconds: hold,
      timeoutSeconds: timeout,
      gate: { maxErrorIncrease, maxP99Ratio, minRequests },
      report: elapsed(session),
    };
    if (dryRun) {
      const plan = await planRamp(request);
      return { data: plan, text: planText(plan) };
    }
    const data = await ramp(request, (plan) =>
      confirmProduction({ environment: name, deed: deedOf(plan), yes, input, signal }),
    );
    return { data, text: rampText(data) };
  }, FAREWELL);
}

const deedOf = ({ to, before, steps }: RampPlan) =>
  `dial ramp: from ${showWeights(before.weights)} to ${to} by ${steps.map(({ share }) => share).join(", ")},`;

/** The steps, and what the first of them changes at each gateway. */
function planText({ environment, before, steps, holdSeconds, clusters }: RampPlan): string {
  const rows = steps.map(({ weights }, at) => [String(at + 1), showWeights(weights), `${holdSeconds} s`]);
  const changes = steps.map(({ weights }, at) =>
    difference(steps[at - 1]?.weights ?? before.weights, weights, clusters),
  );
  return [
    `${environment}, generation ${before.generation}: ${showWeights(before.weights)}`,
    "",
    table(["STEP", "WEIGHTS", "HELD FOR"], rows),
    "",
    ...changes,
    "Nothing is written.",
  ].join("\n");
}
