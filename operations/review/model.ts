import type { FindingInStack } from "../../environment/policy/exemptions";

/** Version of {@link Review} as JSON; it changes when a field goes or changes its meaning. */
export const REVIEW_SCHEMA_VERSION = 1;

/** What a plan does to a resource. `replace-first` makes the new one before the old one goes. */
export type ChangeAction =
  "delete" | "replace" | "replace-first" | "update" | "create" | "import" | "move" | "forget";

/** How bad it can get, from a line to read to a plan that must not be applied. */
export type Severity = "note" | "attention" | "danger" | "refused";

/** A value of a plan as anybody may see it. */
export type Shown =
  | { readonly kind: "value"; readonly json: string }
  | { readonly kind: "sensitive" }
  | { readonly kind: "unknown" }
  | { readonly kind: "absent" };

export interface AttributeChange {
  /** `block_device_mappings[0].ebs.volume_size`. */
  readonly path: string;
  readonly before: Shown;
  readonly after: Shown;
}

export interface ResourceReview {
  readonly address: string;
  readonly type: string;
  readonly action: ChangeAction;
  /** Attributes that force a replacement; empty when it is none, or when Terraform gives another reason. */
  readonly forcedBy: readonly string[];
  /** Why, in words, where Terraform says it: "it is not in the configuration any more". */
  readonly reason: string | null;
  readonly attributes: readonly AttributeChange[];
}

export interface Counts {
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly delete: number;
  readonly import: number;
  readonly move: number;
  readonly forget: number;
}

/** One stack's plan. */
export interface StackReview {
  readonly stack: string;
  readonly environment: string;
  readonly kind: "network" | "mesh" | "cluster" | "platform";
  /** Name of the cluster that the stack is of; null for network and mesh. */
  readonly cluster: string | null;
  /** `waits`: it cannot be planned before another stack is applied. */
  readonly state: "changes" | "none" | "waits";
  readonly waitsFor: string | null;
  readonly counts: Counts;
  /** Destroys first, then replacements, updates, creates; by address within each. */
  readonly resources: readonly ResourceReview[];
  readonly outputs: readonly AttributeChange[];
  /** Addresses of what was changed outside of Terraform since the last apply. */
  readonly drift: readonly string[];
  /** Digest of the normalised plan, `sha256:…` keyed for this review; null when none was recorded. */
  readonly digest: string | null;
}

/** What a change means to people and traffic. */
export interface Meaning {
  /** For programs: `active-cluster-touched`, `step-skipped`, … */
  readonly code: string;
  readonly severity: Severity;
  readonly stack: string;
  readonly address: string | null;
  readonly text: string;
}

export type ClusterRole = "active" | "passive" | "retiring" | "removed";

/** A cluster as a plan shows it; unknown parts are null. */
export interface PicturedCluster {
  readonly name: string;
  readonly kind: "self-managed" | "eks" | null;
  readonly role: ClusterRole | null;
  readonly version: string | null;
  /** Share of the dial in points; null when it was not given. */
  readonly weight: number | null;
}

/** An environment before or after. A cluster that holds nothing is in it only while the dial sends it requests. */
export interface Picture {
  readonly environment: string;
  readonly gateways: boolean;
  readonly clusters: readonly PicturedCluster[];
}

export interface CostItem {
  readonly stack: string;
  /** `3 × m7i.large`, `NAT gateway`. */
  readonly what: string;
  readonly direction: "more" | "less";
  readonly count: number;
}

/** Direction of the monthly costs, where it is plain from what is made and removed. */
export interface Cost {
  readonly direction: "more" | "less" | "same" | "both" | "unknown";
  readonly items: readonly CostItem[];
}

export interface ExemptedFinding extends FindingInStack {
  readonly reason: string;
  readonly owner: string | null;
}

export interface Review {
  readonly schemaVersion: typeof REVIEW_SCHEMA_VERSION;
  /** The worst of all meanings; `none` when nothing changes. */
  readonly verdict: "none" | Severity;
  /** Networks first, then meshes, clusters and platforms. */
  readonly stacks: readonly StackReview[];
  readonly meanings: readonly Meaning[];
  readonly findings: readonly FindingInStack[];
  readonly exempted: readonly ExemptedFinding[];
  /** One pair an environment. */
  readonly pictures: readonly { readonly before: Picture; readonly after: Picture }[];
  readonly cost: Cost;
}
