import { isObject } from "../../../environment/json-object";
import type { ClusterRole } from "../../life";
import { OperationFailure } from "../../failure";
import { childOf } from "../../review/masked";
import { listOf } from "../state-resources";

/** What a state says of what stands. */
export interface StateSummary {
  /** Number of objects that it has; data sources are none. */
  readonly resources: number;
  /** Output `cluster_role`: the role with which a cluster was applied last; null when there is none. */
  readonly role: Exclude<ClusterRole, "removed"> | null;
}

const ROLES: readonly unknown[] = ["active", "passive", "retiring"] satisfies readonly ClusterRole[];

/**
 * Reads a state file. Nothing of its values is in what is given back, nor in a message.
 *
 * @param text empty when there is no state
 * @param where for the message
 * @throws OperationFailure refused, when it is no state of version 4, which is Terraform's since 0.12
 */
export function readState(text: string, where: string): StateSummary {
  if (text.trim() === "") {
    return { resources: 0, role: null };
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    throw new OperationFailure("refused", `${where} is no state: it is no JSON`);
  }
  if (!isObject(state) || childOf(state, "version") !== 4) {
    throw new OperationFailure("refused", `${where} is no state of version 4`);
  }
  const managed = listOf(childOf(state, "resources")).filter((one) => childOf(one, "mode") === "managed");
  const role = ["outputs", "cluster_role", "value"].reduce<unknown>(childOf, state);
  return {
    resources: managed.reduce<number>((sum, one) => sum + listOf(childOf(one, "instances")).length, 0),
    role: ROLES.includes(role) ? (role as StateSummary["role"]) : null,
  };
}
