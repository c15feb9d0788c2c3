import { InvalidArgumentError, type Command } from "commander";
import { meshFolder, MESH_FOLDER } from "../../operations/mesh/laptop/folder";
import { meshScale, MOST_INSTANCES, type ScaleResult } from "../../operations/mesh/laptop/scale";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { seconds, wholeNumber } from "../values";

interface Options {
  readonly in: string;
  readonly drain: number;
  readonly force?: true;
  readonly dryRun?: true;
  readonly directory: string;
}

/** `skyline mesh scale`: a cutover to watch. */
export function addScale(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("scale")
      .description(
        "start or stop instances of a service of this machine's mesh, and watch who answers meanwhile",
      )
      .argument("<service>", "name of the service", word)
      .argument("<count>", "instances that are to run", wholeNumber("number of instances", 0, MOST_INSTANCES))
      .option("--in <place>", "mesos, or a cluster", word, "mesos")
      .option("--drain <seconds>", "time for requests under way, when an instance is stopped", seconds, 30)
      .option("--force", "stop the last instance, though nobody would answer then")
      .option("--dry-run", "say what would be done")
      .option("--directory <path>", "folder of the mesh", MESH_FOLDER)
      .action(
        session.action((service: string, count: number, options: Options) =>
          scale(service, count, options, session),
        ),
      ),
    "skyline mesh scale organization 0",
    "skyline mesh scale organization 2",
    "skyline mesh scale giphy 2 --in alpha",
  );
}

/** Refuses early what is no name of anything, and would make a mess of a terminal in an error. */
function word(text: string): string {
  if (!/^[a-z][-a-z0-9]{0,62}$/.test(text)) {
    throw new InvalidArgumentError("It is no name: small letters, digits and hyphens.");
  }
  return text;
}

async function scale(service: string, count: number, options: Options, session: Session): Promise<Result> {
  const data = await session.interruptible((signal) =>
    meshScale(meshFolder(options.directory), {
      service,
      count,
      place: options.in,
      drainMs: options.drain * 1000,
      force: options.force === true,
      dryRun: options.dryRun === true,
      signal,
      report: (text) => session.talk(text),
    }),
  );
  const failed = data.ways.reduce((sum, way) => sum + way.failed, 0);
  return {
    data,
    text: told(data),
    ...(failed === 0
      ? {}
      : {
          exitCode: exitCodes.partial,
          errors: [
            {
              code: "failed-requests",
              message: `${failed} requests failed meanwhile`,
              hint: `skyline mesh trace ${service}/scale`,
              object: service,
            },
          ],
        }),
  };
}

function told({ service, place, from, to, dryRun, steps, ways }: ScaleResult): string {
  if (steps.length === 0) {
    return `nothing to do: ${service} has ${to} in ${place}`;
  }
  if (dryRun) {
    return [...steps, "Nothing is changed."].join("\n");
  }
  return [
    table(
      ["CALLERS", "ANSWERED BY", "REQUESTS", "FAILED"],
      ways.map(({ name, answeredBy, requests, failed }) => [
        name,
        answeredBy.join(", then "),
        String(requests),
        String(failed),
      ]),
    ),
    "",
    `${service} in ${place}: ${from} before, ${to} now.`,
  ].join("\n");
}
