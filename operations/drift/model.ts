import type { AttributeChange, ChangeAction } from "../review/model";

/** What stands beside what should, in one environment, at one moment. */
export interface DriftReport {
  readonly environment: string;
  /** `incomplete`: a part of it could not be looked at, whatever the other parts have shown. */
  readonly verdict: "none" | "drift" | "incomplete";
  /** In the order in which they are applied. */
  readonly stacks: readonly StackDrift[];
  readonly active: ActiveView;
  readonly findings: readonly Finding[];
  /** What is worth knowing and wrong in no way. */
  readonly notes: readonly string[];
  readonly unknown: readonly Unknown[];
}

/** One stack: its state against AWS, and its code against its state. */
export interface StackDrift {
  readonly stack: string;
  /**
   * `waits`: it cannot be planned before another stack is applied. `left-out`: whoever asked did not want it.
   * `unknown`: the report says why under {@link DriftReport.unknown}.
   */
  readonly state: "looked-at" | "waits" | "left-out" | "unknown";
  /** Stack that has to be applied first; null when it does not wait. */
  readonly waitsFor: string | null;
  /** What differs between its state and AWS. */
  readonly changedOutside: readonly ChangedOutside[];
  /** What differs between its code and its state, which no change outside takes part in. */
  readonly notApplied: readonly NotApplied[];
  /** The same of its outputs. */
  readonly outputs: readonly AttributeChange[];
  /** What differs between its state and AWS, and is as it should be. */
  readonly leftOut: readonly LeftOut[];
}

export interface ChangedOutside {
  readonly address: string;
  readonly type: string;
  /** `gone`: it does not exist any more. */
  readonly change: "changed" | "gone";
  /** Masked; before is as Terraform left it, after is how it stands. */
  readonly attributes: readonly AttributeChange[];
}

export interface NotApplied {
  readonly address: string;
  readonly type: string;
  readonly action: ChangeAction;
  readonly attributes: readonly AttributeChange[];
}

export interface LeftOut {
  readonly address: string;
  readonly attribute: string;
  readonly reason: string;
}

/** Something that is not as it should be, and no difference of a plan. */
export interface Finding {
  /** For programs: stays the same when the words change. */
  readonly code: FindingCode;
  /** A cluster, a state's key, `/skyline/<env>/active`. */
  readonly object: string;
  readonly text: string;
  /** A command, or what a person has to do. */
  readonly fix: string;
}

export type FindingCode =
  | "active-missing" // no parameter says which cluster is active
  | "active-not-in-file" // it names none, or one that the file does not have
  | "active-leaves" // it names one that retires
  | "file-disagrees"
  | "api-name-disagrees"
  | "api-name-missing"
  | "dial-disagrees"
  | "ramp-interrupted"
  | "role-not-applied"
  | "removal-not-applied"
  | "step-skipped" // of a cluster's life
  | "cluster-not-in-file" // and its state is not empty
  | "state-unexplained"
  | "weight-without-cluster"
  | "entry-without-cluster"
  | "entry-of-another-kind"
  | "cluster-without-entry";

/** What could not be looked at. It is no agreement, and no difference either. */
export interface Unknown {
  /** `stack development-mesh`, `dial`. */
  readonly what: string;
  readonly reason: string;
  readonly hint: string | null;
}

/** Who says which cluster is active. The parameter decides. */
export interface ActiveView {
  /** Name of the active cluster; null when the parameter does not say one. */
  readonly cluster: string | null;
  readonly sources: readonly ActiveSource[];
}

export interface ActiveSource {
  readonly source: "parameter" | "file" | "api-name" | "dial";
  /** Where it is said: name of the parameter, path of the file, a host's name, a key of Consul's. */
  readonly where: string;
  /** What it says, as a person would; null when it says nothing or is unknown. */
  readonly value: string | null;
  /** Null when it is unknown, or when it has no say: the API's name of a cluster on EKS, a dial on its way. */
  readonly agrees: boolean | null;
  /** Why `agrees` is null. */
  readonly remark: string | null;
}
