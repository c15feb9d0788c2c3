import type { Command } from "commander";
import { meshFolder, MESH_FOLDER, standing } from "../../operations/mesh/laptop/folder";
import { meshStatus, type MeshStatus, type ServiceStatus } from "../../operations/mesh/laptop/status";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { dialOf } from "./dial-of";

interface Options {
  readonly directory: string;
}

/** `skyline mesh status`: the mesh of this machine. */
export function addStatus(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("status")
      .description("show the nodes of the mesh of this machine, what each serves, and where services are")
      .option("--directory <path>", "folder of the mesh", MESH_FOLDER)
      .action(session.action(status)),
    "skyline mesh status",
    "skyline mesh status --json | jq '.data.services'",
  );
}

async function status({ directory }: Options): Promise<Result> {
  const data = await meshStatus(standing(meshFolder(directory)));
  const broken = data.nodes.filter(({ down }) => down.length > 0);
  return {
    data,
    text: told(data),
    ...(broken.length === 0
      ? {}
      : {
          exitCode: exitCodes.partial,
          errors: broken.map(({ name, down }) => ({
            code: "down",
            message: `does not run: ${down.join(", ")}`,
            hint: "skyline mesh down, then skyline mesh up",
            object: name,
          })),
        }),
  };
}

function told({ nodes, services, weights, directory, startedAt, consul, environment }: MeshStatus): string {
  const clusters = Object.keys(services[0]?.clusters ?? {});
  const dial =
    weights === null
      ? "unknown"
      : Object.entries(weights)
          .map(([name, weight]) => `${name} ${weight}`)
          .join(", ");
  return [
    table(
      ["NODE", "ADDRESS", "STATE", "GENERATION"],
      nodes.map(({ name, address, down, generation }) => [
        name,
        address,
        down.length === 0 ? "up" : `down: ${down.join(", ")}`,
        generation?.slice(0, 12) ?? "",
      ]),
    ),
    "",
    table(
      ["SERVICE", "MESOS", ...clusters.map((name) => name.toUpperCase())],
      services.map((service) => [
        service.name,
        inMesos(service),
        ...clusters.map((name) => inCluster(service, name)),
      ]),
    ),
    "",
    `Dial: ${dial}. Consul: ${consul}. In ${directory} since ${startedAt}.`,
    `More of the dial: ${dialOf({ environment, consul: { url: consul } }, "status")}`,
  ].join("\n");
}

const inMesos = ({ mesos: { healthy, all } }: ServiceStatus) =>
  all === 0 ? "" : healthy === all ? `${all} healthy` : `${healthy} of ${all} healthy`;

function inCluster({ clusters }: ServiceStatus, name: string): string {
  const service = clusters[name] ?? null;
  if (service === null) return "";
  const pods = service.pods === 1 ? "1 pod" : `${service.pods} pods`;
  return service.owner === "mesos" ? `${pods}, the Service leads to Mesos` : pods;
}
