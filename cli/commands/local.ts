import type { Command } from "commander";
import { localDown } from "../../operations/local/down";
import { localUp, type LocalEvent, type LocalOptions, type LocalResult } from "../../operations/local/up";
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
  const clusters = result.clusters.map(
    ({ name, version, private: isPrivate, nodeGroups, addOns, accessEntries }) => [
      name,
      version,
      isPrivate ? "private" : "public",
      nodeGroups.join(","),
      String(addOns.length),
      String(accessEntries.length),
    ],
  );
  const next = result.kept
    ? [
        "It stands. Try next:",
        `  AWS_ENDPOINT_URL=${result.eks} AWS_ACCESS_KEY_ID=emulated AWS_SECRET_ACCESS_KEY=emulated \\`,
        `    aws eks describe-cluster --region ${result.region} --name ${result.clusters[0]?.name ?? "NAME"}`,
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
    table(["CLUSTER", "KUBERNETES", "ENDPOINT", "NODE GROUPS", "ADD-ONS", "ACCESS ENTRIES"], clusters),
    "",
    `Second plan: empty, but for ${result.explained} known deviations of the emulator. ${result.seconds.toFixed(0)} s in all.`,
    "",
    ...next,
  ].join("\n");
}
