import { Option, type Command } from "commander";
import { examples } from "../examples";
import type { Session } from "../session";
import { duration, seconds } from "../values";

export interface Options {
  readonly refresh?: true;
  readonly env: readonly string[];
  readonly directory: string;
  readonly region?: string;
  readonly kubeconfig?: string;
  readonly check?: true;
  readonly dryRun?: true;
  readonly use?: true;
  readonly prune?: true;
  readonly token: "aws" | "aws-iam-authenticator";
  readonly role?: readonly string[];
  readonly profile?: readonly string[];
  readonly admin?: string;
  /** Seconds. */
  readonly adminFor: number;
  readonly timeout: number;
  readonly yes?: true;
  readonly input: boolean;
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

/** `skyline kubeconfig`. What it runs is loaded when it runs: parsers and schemas take longer than all else. */
export function kubeconfigCommand(program: Command, session: Session): void {
  examples(
    program
      .command("kubeconfig")
      .description("bring the contexts of environments in your kubeconfig up to date with their registries")
      .option("--refresh", "do it; --check and --dry-run say what it would do")
      .requiredOption("--env <environment>", "environment; can be given several times", collect)
      .option("--check", "write nothing, and end with 3 when something is not up to date")
      .option("--dry-run", "write nothing, and print the difference")
      .option("--use", "make the context of the environment the current one")
      .option("--prune", "remove contexts of clusters that are gone, of those that this command has made")
      .option("--kubeconfig <file>", "file to write (default: of KUBECONFIG, or ~/.kube/config)")
      .addOption(
        new Option("--token <program>", "program that makes kubectl's tokens")
          .choices(["aws", "aws-iam-authenticator"])
          .default("aws"),
      )
      .option("--role <arn>", "role that tokens are asked with; ENV=ARN for one of several", collect)
      .option("--profile <name>", "profile of your AWS settings; ENV=NAME for one of several", collect)
      .option("--region <region>", "region of an environment whose file is not here")
      .option(
        "--admin <cluster>",
        "an admin's certificate for a self-managed cluster, as a context of its own",
      )
      .option("--admin-for <time>", "life of that certificate, like 30m or 8h, at most 8h", adminLife, 3600)
      .option("--timeout <seconds>", "give up on AWS after this time", seconds, 60)
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((options: Options) => refresher().runRefresh(options, session))),
    "skyline kubeconfig --refresh --env development --use",
    "skyline kubeconfig --refresh --env staging --env production --profile production=prod-readonly --prune",
    "skyline kubeconfig --check --env development --json",
    "skyline kubeconfig --refresh --env production --region eu-central-1 --kubeconfig ./kubeconfig --json",
  );
}

function refresher() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it for the help as well
  return require("./refresh") as typeof import("./refresh");
}

const adminLife = duration(60, 8 * 3600, "30m or 8h, from 60s to 8h");
