import type { Command } from "commander";
import { localDown } from "../../operations/local/down";
import { localUp, type LocalEvent, type LocalOptions, type LocalResult } from "../../operations/local/up";
import type { ClusterFacts } from "../../operations/local/facts/read";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly keep?: true;
  readonly destroy?: true;
}

/** `skyline local`, which `npm run local` calls: an environment on an emulated AWS, and proof that it stands. */
export function localCommand(program: Command, session: Session): void {
  examples(
    program
      .command("local")
      .description("deploy an environment on an emulated AWS, with real Terraform, and prove that it stands")
      .option("--env <environment>", "environment to deploy", "development")
      .option("--directory <path>", "folder of the environment files", "environments")
      .option("--keep", "leave it running at the end")
      .option("--destroy", "destroy what --keep left running")
      .action(session.action((options: Options) => local(options, session))),
    "skyline local",
    "skyline local --keep",
    "skyline local --destroy",
  );
}

function local({ env, directory, keep, destroy }: Options, session: Session): Promise<Result> {
  return session.interruptible(async (signal) => {
    const options: LocalOptions = {
      root: process.cwd(),
      environments: directory,
      environment: env,
      keep: keep === true,
      signal,
      report: reporter(session),
    };
    if (destroy === true) {
      const data = await localDown(options);
      const text =
        data.environment === undefined
          ? "nothing stands"
          : `${data.environment} is gone: ${data.stacks.join(", ")}`;
      return { data, text };
    }
    const data = await localUp(options);
    return { data, text: summary(data) };
  });
}

/** A line a step with the seconds since the start; of the resources, a line in ten. */
function reporter(session: Session): (event: LocalEvent) => void {
  const start = Date.now();
  const say = (text: string) => {
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    session.talk(`${seconds.padStart(6)} s  ${text}`);
  };
  return (event) => {
    if (event.type === "step") {
      say(event.text);
    } else if (event.done % 10 === 0 || event.done === event.total) {
      say(`  ${event.done} of ${event.total} resources`);
    }
  };
}

function summary(result: LocalResult): string {
  const eks = result.clusters.find(({ kind }) => kind === "eks");
  const next = result.kept
    ? [
        "It stands. Try next:",
        `  AWS_ENDPOINT_URL=${result.eks} AWS_ACCESS_KEY_ID=emulated AWS_SECRET_ACCESS_KEY=emulated \\`,
        `    aws eks describe-cluster --region ${result.region} --name ${eks?.name ?? "NAME"}`,
        "  npm run local -- --destroy",
      ]
    : [
        "All of it stood, was read back, and is stopped again. Try next:",
        "  npm run local -- --keep          leave it running, to look around",
        `  npx skyline manifests --env ${result.environment} --cluster ${result.clusters[0]?.cluster ?? "NAME"}`,
        "  npm test                         everything else, on real parts",
      ];
  return [
    table(
      ["STACK", "RESOURCES", "SECONDS"],
      result.stacks.map(({ name, resources, seconds }) => [name, String(resources), seconds.toFixed(0)]),
    ),
    "",
    table(["CLUSTER", "KIND", "KUBERNETES", "CONTROL PLANE", "WORKERS"], result.clusters.map(clusterRow)),
    "",
    `Mesh: ${result.mesh.consulServers} Consul servers, ${result.mesh.gateways} gateways in ${result.mesh.gatewayZones.join(", ")}.`,
    "",
    `Second plan: empty, but for ${result.explained} known deviations of the emulator. ${result.seconds.toFixed(0)} s in all.`,
    "",
    ...next,
  ].join("\n");
}

function clusterRow(cluster: ClusterFacts): string[] {
  const { name, kind, version } = cluster;
  if (cluster.kind === "eks") {
    const endpoint = cluster.private ? "private endpoint" : "public endpoint";
    return [
      name,
      kind,
      version,
      `${endpoint}, ${cluster.addOns.length} add-ons`,
      cluster.nodeGroups.join(", "),
    ];
  }
  const plane = `${cluster.etcdZones.length} etcd, ${cluster.controllers} controllers`;
  const workers = Object.entries(cluster.workers).map(([group, count]) => `${group}: ${count}`);
  return [name, kind, version, plane, workers.join(", ")];
}
