import { apiHost, registry as parameters } from "../../environment/naming";
import type { ClusterSpec, Environment } from "../../environment/schema";
import { AwsAccount, type AwsOptions } from "../aws/account";
import { clusterOf } from "../environments/named";
import { OperationFailure } from "../failure";
import { readActive } from "./active";
import { readApiName } from "./api-name";
import { readEntries } from "./registry";
import { roleChange } from "./role-change";
import { dialWeights, shareOf } from "./weights";

/** Something that says which cluster is active, and that a promotion moves. */
export interface Move {
  /** `/skyline/development/active`, `api.development.example.internal` */
  readonly what: string;
  readonly kind: "parameter" | "cname";
  readonly from: string;
  readonly to: string;
  /** `none`: it is there already. */
  readonly action: "moved" | "none";
}

export interface PromoteResult {
  readonly environment: string;
  readonly cluster: string;
  /** In the order in which they are done. */
  readonly moves: readonly Move[];
  /** Share of the traffic, 0 to 100; null when the dial was not read. */
  readonly weight: number | null;
  readonly override: string | null;
  /** The matching change of the environment file, a unified diff; null when it has to be made by hand. */
  readonly fileChange: string | null;
  readonly dryRun: boolean;
}

export interface PromoteOptions extends AwsOptions {
  /** Passes the guard of the dial, with a reason. */
  readonly override?: string;
  readonly dryRun?: boolean;
  /** The environment file, for the change of it. */
  readonly file: { readonly path: string; readonly text: string };
  /** Asked before the first move, when there is one. */
  readonly confirm?: (moves: readonly Move[]) => Promise<void>;
  /** Told of each move as it is done. */
  readonly report?: (move: Move) => void;
}

/**
 * Makes a cluster the active one: first the parameter, which alone decides, then the name that follows it. A run that was
 * ended between the two is ended by the next one.
 *
 * @throws OperationFailure invalid, refused, missing or conflict, before anything is moved where that can be known
 */
export async function promote(
  environment: Environment,
  cluster: string,
  options: PromoteOptions,
): Promise<PromoteResult> {
  const { environment: name, account, region } = environment;
  const { override, dryRun = false, file, confirm, report, ...awsOptions } = options;
  const spec = candidate(environment, cluster);
  const aws = new AwsAccount({ account, region, page: "docs/commands/clusters.md" }, awsOptions);
  const [entries, active, api, dial] = await Promise.all([
    readEntries(aws, name),
    readActive(aws, name),
    spec.kind === "self-managed" ? readApiName(aws, environment) : undefined,
    dialWeights(environment, options.signal),
  ]);
  if (!entries.some((entry) => entry.name === cluster)) {
    throw new OperationFailure(
      "refused",
      `cluster ${cluster} is not in the registry: there is no parameter ${parameters.cluster(name, cluster)}`,
      `apply the stack ${name}-cluster-${cluster} first`,
    );
  }

  const steps: { readonly move: Move; readonly run: () => Promise<void> }[] = [];
  const add = (kind: Move["kind"], what: string, from: string, to: string, run: () => Promise<void>) =>
    steps.push({ move: { what, kind, from, to, action: from === to ? "none" : "moved" }, run });
  add("parameter", active.name, active.value, cluster, () => active.move(cluster));
  if (api !== undefined) {
    const host = apiHost(cluster, environment.domain);
    add("cname", api.name, api.target, host, () => api.move(host));
  }
  const due = steps.filter(({ move }) => move.action === "moved");
  if (due.length > 0 && override === undefined) {
    checkDial(name, cluster, dial);
  }
  if (!dryRun && due.length > 0) {
    await confirm?.(due.map(({ move }) => move));
    for (const { move, run } of due) {
      await run();
      report?.(move);
    }
  }
  return {
    environment: name,
    cluster,
    moves: steps.map(({ move }) => move),
    weight: shareOf(dial, cluster),
    override: override ?? null,
    fileChange: roleChange(file.path, file.text, cluster) ?? null,
    dryRun,
  };
}

/** The cluster of the file, if it may be active. */
function candidate(environment: Environment, cluster: string): ClusterSpec {
  const spec = clusterOf(environment, cluster);
  if (spec.role === "retiring" || spec.role === "removed") {
    throw new OperationFailure(
      "refused",
      `cluster ${cluster} is ${spec.role} in the environment file`,
      `give it role: passive and apply it first`,
    );
  }
  return spec;
}

/** People and pipelines go where the traffic is, not before it. */
function checkDial(
  environment: string,
  cluster: string,
  dial: Awaited<ReturnType<typeof dialWeights>>,
): void {
  const hint = `skyline dial set ${cluster}=100 --env ${environment} first, or --override REASON`;
  if (dial.problem !== undefined) {
    throw new OperationFailure(dial.problem.kind, `${dial.problem.message}; the dial must be at 100`, hint);
  }
  const share = shareOf(dial, cluster) ?? 0;
  if (share !== 100) {
    throw new OperationFailure(
      "refused",
      `cluster ${cluster} has ${share} % of the traffic, not 100 %`,
      hint,
    );
  }
}
