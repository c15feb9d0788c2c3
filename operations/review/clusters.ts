import { stackNames } from "../../environment/naming";
import { childOf, type Masked } from "./masked";
import type { ClusterRole, PicturedCluster } from "./model";
import type { Plan } from "./plan";
import type { PlannedStack } from "./stack";

/** Share of the dial in points, by environment and cluster. */
export type Weights = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How a cluster stands; what nobody knows is null. */
export interface ClusterState {
  readonly role: Exclude<ClusterRole, "removed"> | null;
  readonly kind: PicturedCluster["kind"];
  readonly version: string | null;
}

/** A cluster of an environment under review. A state is null when nothing of the cluster stands. */
export interface Cluster {
  readonly environment: string;
  readonly name: string;
  readonly before: ClusterState | null;
  readonly after: ClusterState | null;
  /** Points of the dial; null when the dial was not given. */
  readonly weight: number | null;
}

/** All clusters of the environments under review, by environment and name. */
export function clustersOf(stacks: readonly PlannedStack[], weights: Weights | undefined): Cluster[] {
  const found = new Map<string, Cluster>();
  const add = (cluster: Cluster) => {
    const key = `${cluster.environment}/${cluster.name}`;
    if (!found.has(key)) found.set(key, cluster);
  };
  const named = (environment: string, name: string) => ({
    environment,
    name,
    weight: weightOf(weights, environment, name),
  });
  for (const { kind, environment, cluster, plan } of stacks) {
    if (kind === "cluster" && cluster !== null) {
      add({ ...named(environment, cluster), ...planned(plan) });
    }
  }
  for (const { kind, environment, cluster, plan } of stacks) {
    if (kind === "platform" && cluster !== null) {
      const outputs = plan.otherStacks.get(stackNames.cluster(environment, cluster));
      const state = stateOf((name) => childOf(outputs, name) as Masked | undefined);
      add({ ...named(environment, cluster), before: state, after: state });
    }
  }
  for (const environment of new Set(stacks.map((stack) => stack.environment))) {
    const shares = childOf(weights, environment);
    for (const name of Object.keys((shares ?? {}) as object)) {
      const unknown: ClusterState = { role: null, kind: null, version: null };
      add({ ...named(environment, name), before: unknown, after: unknown });
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key) as Cluster);
}

function planned({ changes, unchanged, outputs }: Plan): Pick<Cluster, "before" | "after"> {
  const stands = changes.filter(({ isDeposed }) => !isDeposed);
  const stoodBefore =
    unchanged.length > 0 || stands.some(({ action, isImported }) => action !== "create" && !isImported);
  const standsAfter =
    unchanged.length > 0 || stands.some(({ action }) => action !== "delete" && action !== "forget");
  const side = (which: "before" | "after") => stateOf((name) => outputs.get(name)?.[which]);
  return { before: stoodBefore ? side("before") : null, after: standsAfter ? side("after") : null };
}

const ROLES: readonly unknown[] = ["active", "passive", "retiring"];
const KINDS: readonly unknown[] = ["self-managed", "eks"];

function stateOf(output: (name: string) => Masked | undefined): ClusterState {
  const [role, kind, version] = ["cluster_role", "cluster_kind", "kubernetes_version"].map(output);
  return {
    role: ROLES.includes(role) ? (role as ClusterState["role"]) : null,
    kind: KINDS.includes(kind) ? (kind as ClusterState["kind"]) : null,
    version: typeof version === "string" ? version : null,
  };
}

function weightOf(weights: Weights | undefined, environment: string, cluster: string): number | null {
  const shares = childOf(weights, environment);
  if (shares === undefined) {
    return null;
  }
  // A cluster that the dial does not name gets nothing.
  const weight = childOf(shares, cluster) ?? 0;
  return typeof weight === "number" ? weight : null;
}

/** Whether traffic goes to a cluster as it stands: by the dial when it was given, otherwise by its role. */
export function carriesTraffic({ before, weight }: Cluster): "yes" | "no" | "unknown" {
  if (before === null) {
    return "no";
  }
  if ((weight ?? 0) > 0 || before.role === "active") {
    return "yes";
  }
  return weight === null && before.role === null ? "unknown" : "no";
}
