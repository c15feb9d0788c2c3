import type { Environment } from "../../environment/schema";

/** What a list of environments tells of one. */
export interface EnvironmentSummary {
  readonly environment: string;
  readonly region: string;
  readonly clusters: readonly ClusterSummary[];
}

export interface ClusterSummary {
  readonly name: string;
  readonly kind: string;
  readonly role: string;
  readonly kubernetes: string;
}

export function summarize({ environment, region, clusters }: Environment): EnvironmentSummary {
  return {
    environment,
    region,
    clusters: Object.entries(clusters).map(([name, { kind, role, kubernetes }]) => ({
      name,
      kind,
      role,
      kubernetes,
    })),
  };
}
