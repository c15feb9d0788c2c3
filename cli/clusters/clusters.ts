import type { Command } from "commander";
import { listClusters, type ClustersResult, type ClusterView } from "../../operations/registry/clusters";
import { environmentOf } from "../environment-of";
import { seconds } from "../values";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly timeout: number;
}

/** `skyline clusters`: the registry of an environment, and what is live beside it. */
export function clustersCommand(program: Command, session: Session): void {
  examples(
    program
      .command("clusters")
      .description("list the clusters of an environment: registry, version, nodes and share of the traffic")
      .requiredOption("--env <environment>", "environment")
      .option("--timeout <seconds>", "give up on AWS after this time", seconds, 60)
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((options: Options) => clusters(options, session))),
    "skyline clusters --env development",
    "skyline clusters --env production --json | jq -r '.data.active'",
  );
}

async function clusters(options: Options, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const data = await session.interruptible((signal) =>
    listClusters(environment, { signal, timeoutMs: options.timeout * 1000 }),
  );
  data.problems.forEach((problem) => session.talk(`unknown: ${problem}`));
  return { data, text: told(data) };
}

const UNKNOWN = "unknown";

const told = ({ clusters: views }: ClustersResult) =>
  table(
    ["CLUSTER", "ACTIVE", "KIND", "ROLE", "VERSION", "STATUS", "NODES", "WEIGHT", "ENDPOINT"],
    views.map((view) => [
      view.name,
      view.active ? "*" : "",
      view.registered?.kind ?? "",
      view.role ?? "not in the file",
      view.live?.version ?? view.registered?.version ?? "",
      statusOf(view),
      view.live === null ? "" : String(view.live.nodes ?? UNKNOWN),
      String(view.weight ?? UNKNOWN),
      view.registered?.endpoint ?? "",
    ]),
  );

function statusOf({ registered, live }: ClusterView): string {
  if (registered === null) {
    return "not registered";
  }
  return live?.status ?? (registered.kind === "eks" ? UNKNOWN : "registered");
}
