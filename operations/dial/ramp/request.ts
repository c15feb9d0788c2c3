import type { Environment } from "../../../environment/schema";
import type { Consul } from "../../consul/client";
import type { GateSettings } from "../gate";
import type { Weights } from "../weights";

/** What everything that goes on with a ramp is asked with. */
export interface RampContext {
  readonly environment: Environment;
  readonly consul: Consul;
  /** Who does it. */
  readonly by: string;
  /** Ends it in order: the weights stay, the lock is free, the record is kept. */
  readonly signal?: AbortSignal;
  /** Is told each step. */
  readonly report: (line: string) => void;
}

export interface RampRequest extends RampContext {
  /** Cluster that gets more. */
  readonly to: string;
  /** Its share after each step, in percent, rising. */
  readonly steps: readonly number[];
  /** How long gateways may take to serve a step, and what is put back. @default 60 */
  readonly followSeconds?: number;
  /** How long each step is measured, the last one too. */
  readonly holdSeconds: number;
  /** Ends a ramp whose step stays inconclusive for so long, its hold included. */
  readonly timeoutSeconds: number;
  readonly gate: GateSettings;
  readonly why: string;
  /** Why maxStep and minHold of the environment are not kept. */
  readonly override?: string;
}

/** What became of a ramp that did not fail. */
export interface RampResult {
  readonly environment: string;
  readonly run: string;
  readonly to: string;
  /** Steps that were taken in this run. */
  readonly steps: readonly StepResult[];
  /** In force now. */
  readonly weights: Weights;
  readonly generation: number;
}

export interface StepResult {
  readonly share: number;
  readonly generation: number;
  /** Until all gateways served it. */
  readonly followedSeconds: number;
  readonly heldSeconds: number;
  /** Of the gate, in words. */
  readonly reasons: readonly string[];
}
