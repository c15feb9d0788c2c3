import { Option, type Command } from "commander";
import { meshFolder, MESH_FOLDER, standing } from "../../operations/mesh/laptop/folder";
import { meshTrace, type TraceResult } from "../../operations/mesh/laptop/trace";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { seconds } from "../values";

interface Options {
  readonly from: string;
  readonly method: string;
  readonly timeout: number;
  readonly directory: string;
}

/** `skyline mesh trace`: one request's way. */
export function addTrace(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("trace")
      .description("send a request through this machine's mesh, and print its way through every hop")
      .argument(
        "<url>",
        "http://localhost:5040/service/NAME/PATH as a service calls, NAME/PATH, or a node's URL",
      )
      .option("--from <node>", "node on which the call begins; a cluster, for NAME/PATH", "mesos-1")
      .addOption(
        new Option("--method <method>", "method of the request")
          .choices(["GET", "HEAD", "POST", "PUT", "DELETE"])
          .default("GET"),
      )
      .option("--timeout <seconds>", "give up after this time", seconds, 30)
      .option("--directory <path>", "folder of the mesh", MESH_FOLDER)
      .action(session.action(trace)),
    "skyline mesh trace giphy/media",
    "skyline mesh trace http://localhost:5040/service/organization/members --from mesos-2",
    "skyline mesh trace organization/members --from alpha",
    "skyline mesh trace organization/slow?ms=250 --from gateway-1 --json",
  );
}

async function trace(url: string, options: Options): Promise<Result> {
  const data = await meshTrace(standing(meshFolder(options.directory)), {
    url,
    from: options.from,
    method: options.method,
    timeoutMs: options.timeout * 1000,
  });
  return {
    data,
    text: told(data),
    ...(data.complete
      ? {}
      : {
          exitCode: exitCodes.partial,
          errors: [
            {
              code: "incomplete",
              message: "a hop has not written its line after 3 s: the way is not whole",
              hint: "skyline mesh status",
              object: data.requestId,
            },
          ],
        }),
  };
}

function told({ requestId, method, url, status, milliseconds, answeredBy, hops }: TraceResult): string {
  const rows = hops.map((hop, at) => [
    String(at + 1),
    hop.node,
    hop.listener,
    hop.route === null ? "" : hop.cluster === null ? hop.route : `${hop.route} (${hop.cluster})`,
    String(hop.status),
    hop.milliseconds.toFixed(1),
    hop.ownMilliseconds.toFixed(1),
    hop.upstreams
      .map(({ address, name }) => (name === address ? address : `${name} ${address}`))
      .join(", then "),
  ]);
  return [
    `${method} ${url}`,
    `${status} in ${milliseconds} ms${answeredBy === null ? "" : `, answered by ${answeredBy}`}; request id ${requestId}`,
    "",
    table(["HOP", "NODE", "LISTENER", "ROUTE", "STATUS", "MS", "OWN MS", "SENT TO"], rows),
  ].join("\n");
}
