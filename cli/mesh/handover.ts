import { Option, type Command } from "commander";
import type { Environment } from "../../environment/schema";
import { Consul } from "../../operations/consul/client";
import { OperationFailure } from "../../operations/failure";
import { contextOf } from "../../operations/kubectl/context";
import { Kubectl } from "../../operations/kubectl/kubectl";
import { handOver, type HandoverResult } from "../../operations/mesh/handover/handover";
import { showBackend, type Side } from "../../operations/mesh/handover/stand-in";
import { confirmProduction } from "../confirm";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { environmentOf } from "../environment-of";
import { seconds, wholeNumber } from "../values";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly to: Side;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly minReady?: number;
  readonly settle: number;
  readonly timeout: number;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly input: boolean;
}

/** `skyline mesh handover`: whom callers in Kubernetes reach under the name of a Mesos service. */
export function addHandover(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("handover")
      .description("lead a name's callers in Kubernetes to the service's own pods, or back to Mesos")
      .argument("<name>", "name of the service, one of mesh.mesosServices")
      .addOption(
        new Option("--to <side>", "who is to serve them")
          .choices(["kubernetes", "mesos"])
          .makeOptionMandatory(),
      )
      .requiredOption("--env <environment>", "environment")
      .option("--cluster <cluster>", "cluster whose callers are meant (default: the active one)")
      .option(
        "--context <context>",
        "context of the kubeconfig (default: ENVIRONMENT, or ENVIRONMENT-CLUSTER)",
      )
      .option("--kubeconfig <path>", "kubeconfig (default: as kubectl finds it)")
      .option(
        "--min-ready <count>",
        "go on with this many Ready pods, though others are not Ready",
        wholeNumber("number of pods", 1, 100_000),
      )
      .option(
        "--settle <seconds>",
        "time that Mesos is to be healthy before, so that gateways know it",
        wholeNumber("number of seconds", 0, 3600),
        15,
      )
      .option("--timeout <seconds>", "give up after this time", seconds, 300)
      .option("--dry-run", "change nothing, and say what would be done and waited for")
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((name: string, options: Options) => handover(name, options, session))),
    "skyline mesh handover organization --to kubernetes --env development --dry-run",
    "skyline mesh handover organization --to kubernetes --env development",
    "skyline mesh handover organization --to mesos --env development --cluster bravo",
  );
}

async function handover(name: string, options: Options, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const { mesosServices, service } = environment.mesh;
  if (!mesosServices.includes(name)) {
    throw new OperationFailure(
      "refused",
      `${JSON.stringify(name)} stands for no Mesos service in environment ${environment.environment}`,
      mesosServices.length === 0
        ? "mesh.mesosServices names none"
        : `mesh.mesosServices names ${mesosServices.join(", ")}`,
    );
  }
  const context = options.context ?? contextOf(environment, options.cluster);
  const data = await session.interruptible(async (signal) => {
    if (options.dryRun !== true) {
      const deed = `Handing ${name} over to ${options.to} (context ${context})`;
      const { yes = false, input } = options;
      await confirmProduction({ environment: environment.environment, deed, yes, input, signal });
    }
    return handOver({
      name,
      to: options.to,
      service,
      kubectl: new Kubectl({ context, kubeconfig: options.kubeconfig, signal }),
      consul: () => new Consul({ datacenter: environment.environment, signal }),
      dryRun: options.dryRun === true,
      minReady: options.minReady,
      settleMs: options.settle * 1000,
      timeoutMs: options.timeout * 1000,
      signal,
      report: (line) => session.talk(line),
    });
  });
  data.warnings.forEach((warning) => session.talk(`warning: ${warning}`));
  return {
    data: { environment: environment.environment, cluster: options.cluster ?? null, context, ...data },
    text: told(data, environment, options),
  };
}

function told(data: HandoverResult, environment: Environment, options: Options): string {
  const { name, to, changed, dryRun, before, after, endpoints, waitsFor } = data;
  if (!changed && !dryRun) {
    return `nothing to do: ${name} leads to ${whose(to)} (${showBackend(after)}; ${counted(endpoints.length)})`;
  }
  if (dryRun && data.from === to) {
    return `nothing to do: ${name} leads to ${whose(to)} (${showBackend(after)})`;
  }
  const again = `skyline mesh handover ${name} --env ${environment.environment}${options.cluster === undefined ? "" : ` --cluster ${options.cluster}`}`;
  if (dryRun) {
    return [
      `Service ${data.namespace}/${name} would be flipped`,
      `  from  ${showBackend(before)}`,
      `  to    ${showBackend(after)}`,
      waitsFor === null ? "It would be done at once." : `Before that it would be waited: ${waitsFor}.`,
      `Nothing is changed. Try next: ${again} --to ${to}`,
    ].join("\n");
  }
  return [
    `${name} is handed over: ${showBackend(after)}, ${counted(endpoints.length)}.`,
    `Kubernetes callers now reach ${to === "mesos" ? "Mesos, through the bridge and the gateways" : "the service's own pods"}.`,
    "Mesos callers follow the Mesos scale: they stay in Mesos while an instance is healthy there, and come to Kubernetes when none is.",
    ...otherClusters(environment, options),
    `The way back: ${again} --to ${to === "mesos" ? "kubernetes" : "mesos"}`,
  ].join("\n");
}

const whose = (side: Side) => (side === "mesos" ? "Mesos, through the bridge" : "its own pods");

const counted = (endpoints: number) => `${endpoints} ${endpoints === 1 ? "endpoint" : "endpoints"}`;

/** Each cluster has a Service of its own: what a person forgets before the next dial. */
function otherClusters({ clusters }: Environment, { cluster, context }: Options): string[] {
  const others = Object.entries(clusters)
    .filter(
      ([name, { role }]) =>
        role !== "removed" && (cluster === undefined ? role !== "active" : name !== cluster),
    )
    .map(([name]) => name);
  return others.length === 0 || context !== undefined
    ? []
    : [
        `Not touched: the same name in ${others.join(", ")}, each of which has a Service of its own (--cluster).`,
      ];
}
