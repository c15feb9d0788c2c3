import type { Command } from "commander";
import { bootstrapOf, platformContents } from "../../operations/manifests/platform";
import { toYaml } from "../../operations/manifests/yaml";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";

interface Options {
  readonly env: string;
  readonly cluster: string;
  readonly directory: string;
  readonly bootstrap?: true;
}

/** `skyline manifests`: the platform stack of a cluster without Terraform. It reaches no cluster. */
export function manifestsCommand(program: Command, session: Session): void {
  examples(
    program
      .command("manifests")
      .description("print what the platform stack puts into a cluster, as Kubernetes manifests")
      .requiredOption("--env <environment>", "environment of the cluster")
      .requiredOption("--cluster <cluster>", "name of the cluster")
      .option("--bootstrap", "print instead the few rights that an admin gives the deployer once a cluster")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((options: Options) => manifests(options, session))),
    "skyline manifests --env development --cluster bravo | kubectl diff --server-side -f -",
    "skyline manifests --env development --cluster bravo | kubectl apply --server-side -f -",
    "skyline manifests --env development --cluster bravo --bootstrap | kubectl apply --server-side -f -",
    "skyline manifests --env development --cluster bravo --json | jq '.data[].kind'",
  );
}

async function manifests(options: Options, session: Session): Promise<Result> {
  const platform = await session.interruptible((signal) =>
    platformContents({
      root: process.cwd(),
      environments: options.directory,
      environment: options.env,
      cluster: options.cluster,
      signal,
    }),
  );
  const data = options.bootstrap === true ? bootstrapOf(platform) : platform.manifests;
  if (data.length === 0) {
    session.talk(`cluster ${options.cluster} is to be emptied: its platform stack holds nothing`);
  }
  return { data, text: toYaml(data) };
}
