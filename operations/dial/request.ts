import type { Environment } from "../../environment/schema";
import type { Consul } from "../consul/client";
import type { DialAction } from "./audit";
import type { Move } from "./difference";
import type { Followed } from "./follow";
import type { Dial } from "./state";
import type { Weights } from "./weights";

/** What every change of the dial by a person is asked with. */
export interface ChangeRequest {
  readonly environment: Environment;
  readonly consul: Consul;
  /** Who changes it. */
  readonly by: string;
  /** Goes ahead only while the dial has this generation. @default as it was read */
  readonly generation?: number;
  /** Judges it, and writes nothing. */
  readonly dryRun: boolean;
  /** How long to wait until all gateways serve it, in milliseconds; undefined to wait for none. */
  readonly waitMs: number | undefined;
  readonly signal?: AbortSignal;
  /** Is told each step. */
  readonly report?: (line: string) => void;
  /** Asks whether to go on with what is about to be written; it throws when not. */
  readonly confirm?: (planned: Planned) => Promise<void>;
}

/** A change that passed the guards and is not written yet. */
export interface Planned {
  readonly action: DialAction;
  /** In force now; null when nobody can tell. */
  readonly before: { readonly generation: number; readonly weights: Weights } | null;
  readonly after: Weights;
  /** What would be lost by it, such as a ramp that is on: a line each. */
  readonly ends: readonly string[];
}

export interface ChangeResult extends Planned {
  readonly environment: string;
  /** False when the dial was so already: nothing is written. */
  readonly changed: boolean;
  readonly dryRun: boolean;
  /** In force now, or that it would have. */
  readonly generation: number;
  readonly moves: readonly Move[];
  /** Of the gateways' configuration; empty when there is none. */
  readonly difference: string;
  /** What is written; null when nothing is. */
  readonly dial: Dial | null;
  /** What gateways serve; null when it was not waited for. */
  readonly effect: Followed | null;
}
