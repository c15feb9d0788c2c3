import {
  clusterResourceName,
  isControlPlanePart,
  tagKeys,
  type RegistryEntry,
} from "../../environment/naming";
import type { AwsAccount } from "../aws/account";
import { OperationFailure } from "../failure";

/** What AWS tells of a cluster now; null is what could not be got to know. */
export interface LiveState {
  /** Kubernetes version of the control plane. AWS knows it of EKS alone. */
  readonly version: string | null;
  /** EKS: `ACTIVE`, `UPDATING`, …. */
  readonly status: string | null;
  /** Instances in service in all groups of workers. */
  readonly nodes: number | null;
}

/**
 * What AWS tells of clusters, in their order. A part that AWS refuses or does not answer is null and told of: a list of
 * clusters is wanted most when something is wrong.
 *
 * @throws OperationFailure when it is interrupted
 */
export async function liveStates(
  aws: AwsAccount,
  environment: string,
  entries: readonly RegistryEntry[],
  report: (problem: string) => void,
): Promise<readonly LiveState[]> {
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OperationFailure) || error.kind === "interrupted") {
        throw error;
      }
      report(error.message);
      return undefined;
    }
  };
  const [groups, ...controls] = await Promise.all([
    attempt(() => workersOf(aws, environment, entries)),
    ...entries.map((entry) => attempt(() => controlPlane(aws, environment, entry))),
  ]);
  return entries.map(({ name }, index) => ({
    version: controls[index]?.version ?? null,
    status: controls[index]?.status ?? null,
    nodes: groups?.get(name) ?? null,
  }));
}

/**
 * Version and status of an EKS cluster; neither of a self-managed one, whose API no stranger may ask.
 * @throws OperationFailure as {@link AwsAccount.ask}
 */
export async function controlPlane(
  aws: AwsAccount,
  environment: string,
  { name, kind }: RegistryEntry,
): Promise<Pick<LiveState, "version" | "status">> {
  if (kind !== "eks") {
    return { version: null, status: null };
  }
  const { DescribeClusterCommand, EKSClient } = await import("@aws-sdk/client-eks");
  const client = new EKSClient(aws.settings);
  const command = new DescribeClusterCommand({ name: clusterResourceName(environment, name) });
  const described = await aws.ask(
    `describing EKS cluster ${clusterResourceName(environment, name)}`,
    () => client.send(command, { abortSignal: aws.abortSignal }),
    "ResourceNotFoundException",
  );
  const { version = null, status = "NOT FOUND" } = described?.cluster ?? {};
  return { version, status };
}

/** Instances in service by cluster; a cluster without a group of workers is not in it. */
async function workersOf(
  aws: AwsAccount,
  environment: string,
  entries: readonly RegistryEntry[],
): Promise<ReadonlyMap<string, number>> {
  const { AutoScalingClient, paginateDescribeAutoScalingGroups } =
    await import("@aws-sdk/client-auto-scaling");
  const client = new AutoScalingClient(aws.settings);
  const nodes = new Map<string, number>();
  const count = async (tag: string, values: readonly string[], clusterOf: (tagged: string) => string) => {
    if (values.length === 0) {
      return;
    }
    const query = { Filters: [{ Name: `tag:${tag}`, Values: [...values] }] };
    const pages = paginateDescribeAutoScalingGroups({ client }, query, { abortSignal: aws.abortSignal });
    for await (const { AutoScalingGroups: groups = [] } of pages) {
      for (const { AutoScalingGroupName: group = "", Tags = [], Instances = [] } of groups) {
        const cluster = clusterOf(Tags.find(({ Key }) => Key === tag)?.Value ?? "");
        const part = group.slice(clusterResourceName(environment, cluster).length + 1);
        const ours = Tags.some(({ Key, Value }) => Key === tagKeys.environment && Value === environment);
        if ((tag === EKS_TAG || ours) && !isControlPlanePart(part)) {
          const inService = Instances.filter(({ LifecycleState }) => LifecycleState === "InService").length;
          nodes.set(cluster, (nodes.get(cluster) ?? 0) + inService);
        }
      }
    }
  };
  const named = (kind: RegistryEntry["kind"]) => entries.filter((entry) => entry.kind === kind);
  await aws.ask("describing Auto Scaling groups", () =>
    Promise.all([
      count(
        tagKeys.cluster,
        named("self-managed").map(({ name }) => name),
        (tagged) => tagged,
      ),
      // EKS makes the groups of its node groups, with its own tag.
      count(
        EKS_TAG,
        named("eks").map(({ name }) => clusterResourceName(environment, name)),
        (tagged) => tagged.slice(environment.length + 1),
      ),
    ]),
  );
  return nodes;
}

const EKS_TAG = "eks:cluster-name";
