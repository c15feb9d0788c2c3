import { InvalidArgumentError, type Command } from "commander";
import { gatewayHost, ports } from "../../environment/naming";
import { meshFolder, MESH_FOLDER } from "../../operations/mesh/laptop/folder";
import { CLUSTERS, DEMO, meshUp, type UpResult } from "../../operations/mesh/laptop/up";
import type { MeshWorld } from "../../operations/mesh/world";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { dialOf } from "./dial-of";
import { seconds } from "../values";
import { elapsed } from "./progress";

interface Options {
  readonly directory: string;
  readonly weights: Readonly<Record<string, number>>;
  readonly timeout: number;
  readonly dryRun?: true;
}

/** `skyline mesh up`: a mesh on this machine, to look at and to try. */
export function addUp(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("up")
      .description(
        "start a small mesh on loopback: Consul, Mesos nodes, gateways, workers of two clusters, services",
      )
      .option("--weights <shares>", "the dial at the start, a sum of 100", shares, { alpha: 100 })
      .option("--timeout <seconds>", "give up after this time, and stop what was started", seconds, 180)
      .option("--dry-run", "look for the programs, start nothing")
      .option("--directory <path>", "folder of the mesh", MESH_FOLDER)
      .action(session.action((options: Options) => up(options, session))),
    "skyline mesh up",
    "skyline mesh up --weights alpha=90,bravo=10",
    "skyline mesh up --dry-run",
  );
}

/** Reads `alpha=90,bravo=10`. */
function shares(text: string): Readonly<Record<string, number>> {
  const names: readonly string[] = CLUSTERS;
  const parts = text.split(",").map((part) => /^([a-z][-a-z0-9]*)=(\d{1,3})$/.exec(part));
  const weights = new Map(parts.map((part) => [part?.[1] ?? "", Number(part?.[2])]));
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const unknown = [...weights.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined || weights.size < parts.length || sum !== 100) {
    throw new InvalidArgumentError(
      `It is to be like alpha=90,bravo=10: clusters of ${names.join(", ")}, each once, with a sum of 100.`,
    );
  }
  return Object.fromEntries(weights);
}

async function up(options: Options, session: Session): Promise<Result> {
  const result = await session.interruptible((signal) =>
    meshUp({
      directory: meshFolder(options.directory),
      weights: options.weights,
      timeoutMs: options.timeout * 1000,
      dryRun: options.dryRun === true,
      signal,
      report: elapsed(session),
    }),
  );
  const { mesh, directory, binaries } = result;
  if (mesh === undefined) {
    const programs = table(["PROGRAM", "PATH"], Object.entries(binaries));
    return { data: { directory, binaries, started: false }, text: `${programs}\n\nNothing is started.` };
  }
  const data = { directory, binaries, started: true, seconds: result.seconds, ...facts(mesh) };
  return { data, text: told(result, mesh) };
}

const facts = (mesh: MeshWorld) => ({
  environment: mesh.environment,
  consul: mesh.consul.url,
  mesosNodes: mesh.mesosNodes.map(({ name, address }) => ({ name, address })),
  gateways: mesh.gateways.map(({ name, address }) => ({ name, address })),
  workers: mesh.workers.map(({ name, address, cluster }) => ({ name, address, cluster })),
  weights: mesh.state.weights,
});

function told({ seconds: took, directory }: UpResult, mesh: MeshWorld): string {
  const rows = [
    ...mesh.servers.map(({ settings: { name }, client }) => [
      name,
      client.url,
      "Consul, with its own pages at /ui",
    ]),
    ...mesh.mesosNodes.map((node) => [node.name, node.localUrl("/"), "local proxy of a Mesos node"]),
    ...mesh.gateways.map((node) => [
      node.name,
      node.url("/"),
      `one behind ${gatewayHost(mesh.state.domain)}:${ports.gateway}`,
    ]),
    ...mesh.workers.map((worker) => [
      worker.name,
      worker.inboundUrl("/"),
      `bridge on a worker of ${worker.cluster}`,
    ]),
  ];
  const [node, gateway] = [mesh.mesosNode(0), mesh.gateway(0)];
  const service = mesh.cluster(CLUSTERS[0]).serviceAddress(DEMO.mesos);
  return [
    table(["NODE", "URL", ""], rows),
    "",
    `It stands, after ${took.toFixed(0)} s, in ${directory}. Try next:`,
    `  curl ${node.localUrl(`${DEMO.mesos}/hello`)}    from Mesos to Mesos`,
    `  curl ${node.localUrl(`${DEMO.kubernetes}/hello`)}           from Mesos to Kubernetes`,
    `  curl ${gateway.url(`${DEMO.kubernetes}/hello`)}           from outside`,
    `  curl -H 'Host: ${DEMO.mesos}' http://${service.address}:${service.port}/hello    from Kubernetes to Mesos`,
    `  skyline mesh trace ${DEMO.kubernetes}/hello`,
    `  skyline mesh scale ${DEMO.mesos} 0`,
    `  ${dialOf(mesh, "status")}`,
    `  ${dialOf(mesh, "set alpha=75 bravo=25 --why 'a try'")}`,
    "  skyline mesh status",
    "  skyline mesh down",
  ].join("\n");
}
