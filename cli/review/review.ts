import { InvalidArgumentError, Option, type Command } from "commander";
import { readInput, sourceOf, waitingInput, type PlanSource } from "../../operations/review/inputs";
import { COMMENT_BYTES, commentOf, LEAST_COMMENT_BYTES } from "../../operations/review/markdown/comment";
import type { Review } from "../../operations/review/model";
import { identityOfInput, reviewOf, type ReviewInput, type Weights } from "../../operations/review/review";
import { sarifOf } from "../../operations/review/sarif";
import { liveWeights, readWeights } from "../../operations/review/weights";
import { writeWhole } from "../../operations/whole-file";
import { environmentOf } from "../environment-of";
import type { ErrorReport } from "../error-report";
import { examples } from "../examples";
import { CommandFailure, exitCodes } from "../exit";
import type { Result } from "../output";
import { packageVersion } from "../package";
import type { Session } from "../session";
import { wholeNumber } from "../values";

interface Options {
  readonly stack: readonly (readonly [string, string])[];
  readonly waits: readonly (readonly [string, string])[];
  readonly stacks?: string;
  readonly dial?: string;
  readonly live?: true;
  readonly directory: string;
  readonly sarif?: string;
  readonly max: number;
}

/** `skyline review`: plans of one stack or many, as one comment for people. */
export function reviewCommand(program: Command, session: Session): void {
  examples(
    program
      .command("review")
      .description("say what Terraform's plans mean, as a Markdown comment; exit 4 when policy refuses them")
      .argument("[plans...]", "files of `terraform show -json`, called <stack>.json")
      .option(
        "--stack <stack=file>",
        "a plan of that stack; - is stdin (repeatable)",
        pairs("stack=file"),
        [],
      )
      .option(
        "--waits <stack=other>",
        "a stack that cannot be planned before another is applied (repeatable)",
        pairs("stack=other"),
        [],
      )
      .option("--stacks <folder>", "synthesized stacks (cdktf.out), for the policy and its exemptions")
      .option("--dial <file>", 'weights of the dial, as {"development": {"alpha": 100}}')
      .addOption(new Option("--live", "ask Consul for the weights of the dial").conflicts("dial"))
      .option("--directory <path>", "folder of the environment files, for --live", "environments")
      .option("--sarif <file>", "write the review as SARIF, too")
      .option(
        "--max <bytes>",
        "longest comment",
        wholeNumber("number of bytes", LEAST_COMMENT_BYTES, 1_000_000),
        COMMENT_BYTES,
      )
      .action(
        session.action((plans: readonly string[], options: Options) => review(plans, options, session)),
      ),
    "skyline review plans/*.json --stacks cdktf.out --live",
    "skyline review --stack development-network=- < plan.json",
    "skyline review plans/*.json --sarif review.sarif --json | jq -r .data.verdict",
  );
}

/** Reads `name=value`, as often as it is given. */
const pairs =
  (like: string) =>
  (text: string, before: readonly (readonly [string, string])[]): (readonly [string, string])[] => {
    const [, name = "", value = ""] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === "") {
      throw new InvalidArgumentError(`It is to be ${like}.`);
    }
    return [...before, [name, value]];
  };

async function review(plans: readonly string[], options: Options, session: Session): Promise<Result> {
  const sources = [
    ...plans.map(sourceOf),
    ...options.stack.map(([stack, file]): PlanSource => ({ stack, file })),
  ];
  if (sources.length + options.waits.length === 0) {
    throw new CommandFailure(exitCodes.invalid, "usage", "a plan is missing", "skyline review --help");
  }
  if (sources.filter(({ file }) => file === "-").length > 1) {
    throw new CommandFailure(exitCodes.invalid, "usage", "stdin holds one plan, and is named more than once");
  }
  const inputs = [
    ...sources.map((source) => readInput(source, options.stacks)),
    ...options.waits.map(([stack, waitsFor]) => waitingInput(stack, waitsFor, options.stacks)),
  ];
  const data = reviewOf(inputs, { weights: await weightsFor(inputs, options, session) });
  if (options.sarif !== undefined) {
    writeReport(options.sarif, `${JSON.stringify(sarifOf(data, packageVersion()), undefined, 2)}\n`);
  }
  return { data, text: commentOf(data, options.max), ...refusal(data) };
}

async function weightsFor(
  inputs: readonly ReviewInput[],
  { dial, live, directory }: Options,
  session: Session,
): Promise<Weights | undefined> {
  if (dial !== undefined) {
    return readWeights(dial);
  }
  if (live === undefined) {
    return undefined;
  }
  const names = [...new Set(inputs.map((input) => identityOfInput(input).environment))];
  return session.interruptible(async (signal) => {
    const weights = names.map(async (env) => {
      return [env, await liveWeights(environmentOf({ env, directory }), signal)] as const;
    });
    return Object.fromEntries(await Promise.all(weights));
  });
}

function writeReport(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw new CommandFailure(
      exitCodes.invalid,
      "invalid",
      `${file} cannot be written: ${(error as Error).message}`,
    );
  }
}

function refusal({ verdict, meanings, findings }: Review): Pick<Result, "exitCode" | "errors"> {
  if (verdict !== "refused") {
    return {};
  }
  const count = meanings.filter(({ severity }) => severity === "refused").length + findings.length;
  const error: ErrorReport = {
    code: "review-refused",
    message: `these plans are not to be applied, for ${count === 1 ? "one reason" : `${count} reasons`}`,
    hint: "the review says why",
    object: null,
  };
  return { exitCode: exitCodes.refused, errors: [error] };
}
